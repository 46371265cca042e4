//! Protobuf: just what the files here need. A message is a `Vec<u8>`; a message in another is its bytes after their
//! length.

use crate::ExchangeError;

/// A message that is being written, field by field.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageWriter {
    bytes: Vec<u8>,
}

/// Wire types: how the bytes of a field are laid out.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH_AND_BYTES: u64 = 2;
const FOUR_BYTES: u64 = 5;

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

impl MessageWriter {
    fn key(&mut self, field: u64, wire: u64) {
        put_varint(&mut self.bytes, field << 3 | wire);
    }

    /// A whole number; a negative one takes ten bytes.
    pub(crate) fn int(mut self, field: u64, value: i64) -> MessageWriter {
        self.key(field, VARINT);
        put_varint(&mut self.bytes, value as u64);
        self
    }

    /// Several whole numbers, packed.
    pub(crate) fn ints(self, field: u64, values: impl IntoIterator<Item = i64>) -> MessageWriter {
        let mut packed = Vec::new();
        values.into_iter().for_each(|value| put_varint(&mut packed, value as u64));
        self.data(field, &packed)
    }

    /// A float.
    pub(crate) fn float(mut self, field: u64, value: f32) -> MessageWriter {
        self.key(field, FOUR_BYTES);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// A float of 64 bits.
    pub(crate) fn double(mut self, field: u64, value: f64) -> MessageWriter {
        self.key(field, EIGHT_BYTES);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// Bytes.
    pub(crate) fn data(mut self, field: u64, data: &[u8]) -> MessageWriter {
        self.key(field, LENGTH_AND_BYTES);
        put_varint(&mut self.bytes, data.len() as u64);
        self.bytes.extend_from_slice(data);
        self
    }

    /// Text.
    pub(crate) fn text(self, field: u64, text: &str) -> MessageWriter {
        self.data(field, text.as_bytes())
    }

    /// A message in this one.
    pub(crate) fn message(self, field: u64, message: MessageWriter) -> MessageWriter {
        self.data(field, &message.bytes)
    }

    /// One after the other, each a message of its own in this one.
    pub(crate) fn messages(
        self,
        field: u64,
        messages: impl IntoIterator<Item = MessageWriter>,
    ) -> MessageWriter {
        messages.into_iter().fold(self, |all, message| all.message(field, message))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// What stands in a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FieldValue<'a> {
    Int(i64),
    Float(f32),
    Eight([u8; 8]),
    Data(&'a [u8]),
}

/// Goes through the fields of a message.
#[derive(Clone, Debug)]
pub(crate) struct MessageReader<'a> {
    rest: &'a [u8],
}

fn cut_off() -> ExchangeError {
    ExchangeError::new("the file is broken or cut off: a field ends beyond its message")
}

impl<'a> MessageReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> MessageReader<'a> {
        MessageReader { rest: bytes }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], ExchangeError> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ExchangeError> {
        self.take(N)?.try_into().map_err(|_| cut_off())
    }

    fn varint(&mut self) -> Result<u64, ExchangeError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ExchangeError::new("the file is broken: a number has more than ten bytes"))
    }

    /// The next field: its number and what stands in it.
    pub(crate) fn field(&mut self) -> Result<Option<(u64, FieldValue<'a>)>, ExchangeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            VARINT => FieldValue::Int(self.varint()? as i64),
            EIGHT_BYTES => FieldValue::Eight(self.array()?),
            LENGTH_AND_BYTES => {
                let length = usize::try_from(self.varint()?).map_err(|_| cut_off())?;
                FieldValue::Data(self.take(length)?)
            }
            FOUR_BYTES => FieldValue::Float(f32::from_le_bytes(self.array()?)),
            other => {
                return Err(ExchangeError::new(format!(
                    "the file is broken: a field has the wire type {other}"
                )));
            }
        };
        Ok(Some((key >> 3, value)))
    }

    /// The numbers of a packed field.
    pub(crate) fn packed(bytes: &'a [u8]) -> Result<Vec<i64>, ExchangeError> {
        let (mut reader, mut all) = (MessageReader::new(bytes), Vec::new());
        while !reader.rest.is_empty() {
            all.push(reader.varint()? as i64);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of protobuf's own documentation ("Encoding"): field 1 = 150, field 2 = "testing", packed 3 270
    /// 86942 in field 6.
    #[test]
    fn fields_are_written_as_protobuf_documents_them() {
        assert_eq!(MessageWriter::default().int(1, 150).finish(), [0x08, 0x96, 0x01]);
        let text = MessageWriter::default().text(2, "testing").finish();
        assert_eq!(text, [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        let packed = MessageWriter::default().ints(6, [3, 270, 86942]).finish();
        assert_eq!(packed, [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
        let negative = MessageWriter::default().int(1, -2).finish();
        assert_eq!(negative, [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    }

    #[test]
    fn fields_are_read_as_they_were_written() {
        let inner = MessageWriter::default().float(3, -0.5).int(1, -7);
        let bytes = MessageWriter::default().message(9, inner).ints(2, [-1, 300]).finish();
        let mut reader = MessageReader::new(&bytes);
        let Some((9, FieldValue::Data(inner))) = reader.field().unwrap() else { panic!("the inner message") };
        let mut fields = MessageReader::new(inner);
        assert_eq!(fields.field().unwrap(), Some((3, FieldValue::Float(-0.5))));
        assert_eq!(fields.field().unwrap(), Some((1, FieldValue::Int(-7))));
        assert_eq!(fields.field().unwrap(), None);
        let Some((2, FieldValue::Data(packed))) = reader.field().unwrap() else { panic!("the packed field") };
        assert_eq!(MessageReader::packed(packed).unwrap(), [-1, 300]);
    }
}
