//! Arrow tables against real pandas, polars and pyarrow.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, OnceLock};

use ironbridge::arrays::arrow::RecordBatches;
use ironbridge::arrays::arrow::arrow_array::cast::AsArray;
use ironbridge::arrays::arrow::arrow_array::types::{Float64Type, Int64Type};
use ironbridge::arrays::arrow::arrow_array::{
    Array as _, Int64Array, RecordBatch, RecordBatchIterator, StringArray,
};
use ironbridge::arrays::arrow::arrow_schema::{DataType, Field, Schema};
use ironbridge::{Environment, Interpreter, Session};

fn session() -> Session {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let environment =
            Environment::managed(["pandas", "polars", "pyarrow"]).expect("an environment");
        let interpreter = Interpreter::builder().environment(environment).start();
        interpreter.expect("an interpreter");
    });
    let session = Session::new().expect("a session");
    session
        .run("import gc, pyarrow as pa, pandas as pd, polars as pl")
        .expect("the libraries");
    session
}

fn sample() -> RecordBatch {
    let fields = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
    ];
    let ids = Int64Array::from(vec![1, 2, 3]);
    let names = StringArray::from(vec![Some("a"), None, Some("ß")]);
    RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        vec![Arc::new(ids), Arc::new(names)],
    )
    .unwrap()
}

fn read(session: &Session, expression: &str) -> Vec<RecordBatch> {
    let batches: RecordBatches = session.eval(expression).unwrap();
    batches.collect::<Result<_, _>>().unwrap()
}

#[test]
fn frames_and_tables_come_in() {
    let session = session();
    session
        .run("data = {'x': [0.5, 1.5], 'name': ['a', 'ß']}")
        .unwrap();
    for make in [
        "pa.table(data)",
        "pd.DataFrame(data)",
        "pl.DataFrame(data)",
        "pa.RecordBatch.from_pydict(data)",
    ] {
        let batches = read(&session, make);
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rows, 2, "{make}");
        let column = batches[0]
            .column_by_name("x")
            .unwrap()
            .as_primitive::<Float64Type>();
        assert_eq!(column.values().as_ref(), [0.5, 1.5], "{make}");
    }
}

#[test]
fn columns_are_the_other_librarys_memory() {
    let session = session();
    session
        .run("table = pa.table({'x': pa.array(range(1000))})")
        .unwrap();
    let batches = read(&session, "table");
    let column = batches[0].column(0).as_primitive::<Int64Type>().clone();
    let at = column.values().as_ptr() as usize;
    assert_eq!(
        session
            .eval::<usize>("table['x'].chunk(0).buffers()[1].address")
            .unwrap(),
        at
    );
    drop(batches);
    session
        .run("del table; gc.collect(); junk = [pa.array(range(1000)) for _ in range(20)]")
        .unwrap();
    assert_eq!(column.value(999), 999);
}

#[test]
fn batches_go_out_to_each_library() {
    let session = session();
    let set = || {
        let batches = RecordBatches::from(sample());
        session.set("batches", batches).unwrap();
    };
    set();
    session
        .run("t = pa.table(batches); assert t.to_pylist()[2] == {'id': 3, 'name': 'ß'}, t")
        .unwrap();
    let error = session.run("pa.table(batches)").unwrap_err().to_string();
    assert!(error.contains("read already"), "{error}");
    set();
    session
        .run("f = pl.DataFrame(batches); assert f['name'].to_list() == ['a', None, 'ß'], f")
        .unwrap();
    set();
    session.run("d = pd.DataFrame.from_arrow(batches) if hasattr(pd.DataFrame, 'from_arrow') else pa.table(batches).to_pandas()\nassert list(d['id']) == [1, 2, 3], d").unwrap();
    set();
    session
        .run("assert pa.schema(batches).names == ['id', 'name']")
        .unwrap();
}

#[test]
fn a_stream_is_read_batch_by_batch() {
    let session = session();
    let schema = sample().schema();
    let endless = RecordBatchIterator::new(
        std::iter::repeat_with(|| Ok(sample())).take(1_000_000),
        schema,
    );
    session.set("batches", RecordBatches::new(endless)).unwrap();
    session.run("reader = pa.RecordBatchReader.from_stream(batches)\nassert reader.read_next_batch().num_rows == 3\ndel reader, batches").unwrap();

    session.run("taken = []\ndef rows():\n    for n in range(3):\n        taken.append(n)\n        yield pa.record_batch({'x': [n]})\nreader = pa.RecordBatchReader.from_batches(pa.schema([('x', pa.int64())]), rows())").unwrap();
    let mut batches: RecordBatches = session.get("reader").unwrap();
    assert_eq!(batches.schema().field(0).name(), "x");
    assert_eq!(batches.next().unwrap().unwrap().num_rows(), 1);
    assert!(session.eval::<bool>("taken == [0]").unwrap());
    assert_eq!(batches.count(), 2);
}

#[test]
fn an_error_in_the_middle_of_a_stream_is_one() {
    let session = session();
    session.run("def rows():\n    yield pa.record_batch({'x': [1]})\n    raise ValueError('no more')\nreader = pa.RecordBatchReader.from_batches(pa.schema([('x', pa.int64())]), rows())").unwrap();
    let mut batches: RecordBatches = session.get("reader").unwrap();
    assert!(batches.next().unwrap().is_ok());
    assert!(
        batches
            .next()
            .unwrap()
            .unwrap_err()
            .to_string()
            .contains("no more")
    );
    let failing = RecordBatchIterator::new(
        [Err(
            ironbridge::arrays::arrow::arrow_schema::ArrowError::ComputeError("broken".to_owned()),
        )],
        sample().schema(),
    );
    session.set("batches", RecordBatches::new(failing)).unwrap();
    let error = session.run("pa.table(batches)").unwrap_err().to_string();
    assert!(error.contains("broken"), "{error}");
}

#[test]
fn data_that_is_not_what_its_schema_says_is_refused() {
    let session = session();
    session.run("text = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(bytes([0, 0, 0, 0, 1, 0, 0, 0])), pa.py_buffer(b'\\xff')])\ntable = pa.table({'x': text})").unwrap();
    let mut batches: RecordBatches = session.get("table").unwrap();
    let error = batches.next().unwrap().unwrap_err().to_string();
    assert!(error.to_lowercase().contains("utf"), "{error}");
}

#[test]
fn what_is_no_table_is_named() {
    let session = session();
    let error = session
        .eval::<RecordBatches>("[1]")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected an Arrow table or stream") && error.contains("type list"),
        "{error}"
    );
    let error = session
        .eval::<RecordBatches>("pa.array([1])")
        .unwrap_err()
        .to_string();
    assert!(error.contains("found one array of Int64"), "{error}");
    let structs = read(&session, "pa.array([{'a': 1}])");
    assert_eq!(structs[0].column(0).len(), 1);
}
