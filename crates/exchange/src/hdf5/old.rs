//! The old form of groups, which h5py writes by default: names in a heap, links in a B-tree of symbol nodes.

use super::read::{FileBytes, Read, after, broken, name};

/// The most nodes of one group's tree.
const MOST_NODES: usize = 10_000;

/// The most links of one group.
const MOST_LINKS: usize = 10_000;

/// The names and addresses in a group, from its symbol table message.
pub(super) fn links(file: FileBytes<'_>, body: &[u8]) -> Read<Vec<(String, u64)>> {
    let (tree, heap) = (FileBytes(body).u64(0)?, FileBytes(body).u64(8)?);
    if file.part(heap, 4)? != b"HEAP" {
        return Err(broken("a group has no heap of names"));
    }
    let names = file.part(file.u64(after(heap, 24)?)?, file.u64(after(heap, 8)?)?)?;
    let (mut nodes, mut links, mut next) = (vec![tree], Vec::new(), 0);
    while let Some(&node) = nodes.get(next) {
        next += 1;
        match file.part(node, 4)? {
            b"TREE" => {
                let entries = u64::from(file.u16(after(node, 6)?)?);
                for i in 0..entries {
                    nodes.push(file.u64(after(node, 32 + 16 * i)?)?);
                }
            }
            b"SNOD" => {
                for i in 0..u64::from(file.u16(after(node, 6)?)?) {
                    links.push(entry(file, after(node, 8 + 40 * i)?, names)?);
                }
            }
            _ => return Err(broken("a group's tree has no node where one is expected")),
        }
        if nodes.len() > MOST_NODES || links.len() > MOST_LINKS {
            return Err(broken("a group has too many links"));
        }
    }
    Ok(links)
}

fn entry(file: FileBytes<'_>, at: u64, names: &[u8]) -> Read<(String, u64)> {
    if file.u32(after(at, 16)?)? == 2 {
        return Err(broken("a soft link, which is not read"));
    }
    let start = usize::try_from(file.u64(at)?).unwrap_or(usize::MAX);
    let text = names.get(start..).ok_or_else(|| broken("a name lies outside its heap"))?;
    let end = text.iter().position(|byte| *byte == 0).ok_or_else(|| broken("a name has no end"))?;
    Ok((name(&text[..end])?, file.u64(after(at, 8)?)?))
}
