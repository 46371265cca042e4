//! Event files: records of protobuf, each with its length and two checksums.

use crate::protobuf::MessageWriter;

/// An event file that grows at its end.
pub(super) struct EventFile {
    bytes: Vec<u8>,
}

impl EventFile {
    /// With the version of the format, which stands first.
    pub(super) fn new(time: f64) -> EventFile {
        let mut file = EventFile { bytes: Vec::new() };
        file.event(MessageWriter::default().double(1, time).text(3, "brain.Event:2"));
        file
    }

    /// A record: length, its checksum, the event, its checksum.
    fn event(&mut self, event: MessageWriter) {
        let event = event.finish();
        let length = (event.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked(crc32c(&length)).to_le_bytes());
        self.bytes.extend_from_slice(&event);
        self.bytes.extend(masked(crc32c(&event)).to_le_bytes());
    }

    fn summary(&mut self, time: f64, step: i64, values: impl IntoIterator<Item = MessageWriter>) {
        let summary = MessageWriter::default().messages(1, values);
        let event = MessageWriter::default().double(1, time);
        let event = if step == 0 { event } else { event.int(2, step) };
        self.event(event.message(5, summary));
    }

    /// Numbers of one step, in the form `simple_value`, which every reader knows.
    pub(super) fn scalars(&mut self, time: f64, step: i64, scalars: &[(String, f64)]) {
        let value =
            |(tag, value): &(String, f64)| MessageWriter::default().text(1, tag).float(2, *value as f32);
        self.summary(time, step, scalars.iter().map(value));
    }

    /// Data of the plugin `hparams`.
    pub(super) fn hparams(&mut self, tag: &str, time: f64, content: MessageWriter) {
        let plugin = MessageWriter::default().text(1, "hparams").data(2, &content.finish());
        let metadata = MessageWriter::default().message(1, plugin).int(4, TENSOR);
        // A tensor of floats with no number in it.
        let shape = MessageWriter::default().message(2, MessageWriter::default());
        let tensor = MessageWriter::default().int(1, FLOAT).message(2, shape);
        self.summary(
            time,
            0,
            [MessageWriter::default().text(1, tag).message(8, tensor).message(9, metadata)],
        );
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// DataClass.DATA_CLASS_TENSOR.
const TENSOR: i64 = 2;

/// DataType.DT_FLOAT.
const FLOAT: i64 = 1;

/// CRC-32C (Castagnoli), reflected.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let mut crc = crc ^ u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
        crc
    };
    !bytes.iter().fold(!0, step)
}

/// As TensorFlow writes checksums: a checksum of data that hold checksums would be weak.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32C, and its masked form.
    #[test]
    fn checksums_are_crc32c() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(masked(0xe306_9283), 0xc78a_b0e5);
    }

    /// What TensorBoard itself writes first, at wall time 1.
    #[test]
    fn the_first_record_has_the_known_bytes() {
        let hex: String = EventFile::new(1.0).finish().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a");
    }
}
