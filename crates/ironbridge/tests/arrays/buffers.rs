//! Plain buffers: which are there as slices, which only as copies.

use ironbridge::arrays::Buffer;

use crate::support::{raises, session};

#[test]
fn bytes_are_there_in_place_however_they_are_looked_at() {
    let session = session();
    let bytes: Buffer<u8> = session.eval("bytes(range(4))").unwrap();
    assert_eq!(bytes.as_slice(), Some(&[0, 1, 2, 3][..]));
    assert!(bytes.is_read_only());
    let words: Buffer<u32> = session.eval("memoryview(b'1234abcd').cast('I')").unwrap();
    assert_eq!(words.as_slice().map(<[u32]>::len), Some(2));
    let empty: Buffer<u8> = session.eval("b''").unwrap();
    assert_eq!(empty.as_slice(), Some(&[][..]));
    assert!(empty.is_empty());
    // Not one after the other.
    let stepped: Buffer<u8> = session.eval("memoryview(bytes(range(4)))[::-2]").unwrap();
    assert_eq!(stepped.as_slice(), None);
    assert_eq!(stepped.to_vec().unwrap(), [3, 1]);
}

#[test]
fn bytes_stay_when_the_view_of_them_is_released_behind_our_back() {
    let session = session();
    session.run("raw = bytes([7] * 1000)").unwrap();
    let buffer: Buffer<u8> = session.get("raw").unwrap();
    session
        .run("for o in gc.get_objects():\n    if isinstance(o, memoryview) and o.obj is raw: o.release()\ndel raw, o\ngc.collect()\njunk = [bytes([9] * 1000) for _ in range(50)]")
        .unwrap();
    assert!(buffer.as_slice().unwrap().iter().all(|byte| *byte == 7));
    assert!(
        buffer
            .to_vec()
            .unwrap_err()
            .to_string()
            .contains("released")
    );
}

#[test]
fn what_can_be_written_is_copied_and_cannot_be_resized() {
    let session = session();
    session
        .run("import array\nraw = bytearray(4); numbers = array.array('d', [0.5, 1.5])")
        .unwrap();
    let raw: Buffer<u8> = session.get("raw").unwrap();
    assert_eq!(raw.as_slice(), None);
    session.run("raw[0] = 9").unwrap();
    assert_eq!(raw.to_vec().unwrap(), [9, 0, 0, 0]);
    assert!(raises(&session, "raw.append(1)").contains("export"));
    let read_only: Buffer<u8> = session.eval("memoryview(raw).toreadonly()").unwrap();
    assert_eq!(read_only.as_slice(), None, "it is written through `raw`");
    drop((raw, read_only));
    session.run("raw.append(1)").unwrap();
    let numbers: Buffer<f64> = session.get("numbers").unwrap();
    assert_eq!(
        (numbers.as_slice(), numbers.to_vec().unwrap()),
        (None, vec![0.5, 1.5])
    );
    let grid: Buffer<f32> = session.eval("np.ones((2, 3), np.float32).T").unwrap();
    assert_eq!(
        (grid.shape(), grid.to_vec().unwrap()),
        (&[3, 2][..], vec![1.0; 6])
    );
}

#[test]
fn what_does_not_fit_names_both_sides() {
    let session = session();
    let error = session
        .eval::<Buffer<f64>>("b'12345678'")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected a buffer of f64, found one of format \"B\""),
        "{error}"
    );
    let error = session
        .eval::<Buffer<f64>>("'text'")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected a buffer of f64, found an object of type str"),
        "{error}"
    );
}
