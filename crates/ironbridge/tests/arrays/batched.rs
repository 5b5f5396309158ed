//! Arrays that `#[batched]` stacks into one.

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::Result;
use ironbridge::arrays::Array;
use ndarray::{Ix1, Ix2, array};

#[ironbridge::module("batched_rows")]
trait Rows {
    async fn doubled(&self, rows: &Array<f32, Ix2>) -> Result<Array<f32, Ix2>>;
    #[batched(call = doubled)]
    async fn doubled_one(&self, row: Array<f32, Ix1>) -> Result<Array<f32, Ix1>>;
}

#[test]
fn rows_of_one_shape_are_stacked() -> Result<()> {
    let _numpy = crate::support::session();
    let rows = Rows::loader()
        .source("def doubled(rows):\n    assert rows.ndim == 2\n    return 2 * rows")
        .load()?;
    let given = [array![1.0, 2.0], array![3.0], array![4.0, 5.0], array![6.0]];
    let all = given.map(|row| rows.doubled_one(row.into()));
    let doubled: Result<Vec<_>> = block_on(join_all(all)).into_iter().collect();
    let doubled = doubled?;
    let wanted = [
        array![2.0, 4.0],
        array![6.0],
        array![8.0, 10.0],
        array![12.0],
    ];
    for (doubled, wanted) in doubled.iter().zip(wanted) {
        assert_eq!(doubled.view(), wanted);
    }
    assert!(rows.doubled_one_batcher().stats().batches >= 2);
    Ok(())
}
