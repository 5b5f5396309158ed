//! Arrays, stacked and taken apart.

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::Result;
use ironbridge::arrays::{Array, Array1, Array2, Array3};
use ironbridge::batch::Batcher;
use ndarray::array;

use crate::support::{Gate, eventually};

#[test]
fn arrays_are_stacked_and_taken_apart() -> Result<()> {
    let gate = Gate::default();
    let of_function = gate.clone();
    let batcher = Batcher::builder(move |rows: Array2<f32>| {
        let gate = of_function.clone();
        async move {
            let shape = rows
                .shape()
                .iter()
                .map(|&n| i64::try_from(n).expect("no failure"));
            gate.double(shape.collect()).await?;
            Ok(Array::from(&*rows * 2.0))
        }
    })
    .build();
    let first = batcher.try_submit(vec![0.5, 1.0].into())?;
    let rest: Vec<_> = [vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 6.0, 7.0]]
        .into_iter()
        .map(|row| batcher.try_submit(row.into()))
        .collect::<Result<_, _>>()?;
    gate.open(3);
    assert_eq!(block_on(first)?, Array1::from(vec![1.0, 2.0]));
    let rest: Result<Vec<Array1<f32>>> = block_on(join_all(rest)).into_iter().collect();
    let rest = rest?;
    assert_eq!(rest[1], Array1::from(vec![6.0, 8.0]));
    assert_eq!(rest[2], Array1::from(vec![10.0, 12.0, 14.0]));
    // Those of another shape came into a batch of their own.
    assert_eq!(gate.seen(), [vec![1, 2], vec![2, 2], vec![1, 3]]);
    Ok(())
}

#[test]
fn a_key_of_ones_own_comes_on_top() -> Result<()> {
    let gate = Gate::default();
    let of_function = gate.clone();
    let batcher = Batcher::builder(move |images: Array3<u8>| {
        let gate = of_function.clone();
        async move {
            let shape = images
                .shape()
                .iter()
                .map(|&n| i64::try_from(n).expect("no failure"));
            gate.double(shape.collect()).await?;
            Ok(images)
        }
    })
    .key(|image: &Array2<u8>| image[(0, 0)])
    .build();
    let images = [
        array![[1, 2]],
        array![[3, 4]],
        array![[3, 5]],
        array![[1], [2]],
    ];
    let all: Vec<_> = images
        .map(|image| batcher.try_submit(image.into()))
        .into_iter()
        .collect::<Result<_, _>>()?;
    gate.open(9);
    assert!(block_on(join_all(all)).iter().all(Result::is_ok));
    eventually(|| gate.seen().len() == 3);
    assert_eq!(gate.seen(), [vec![1, 1, 2], vec![2, 1, 2], vec![1, 2, 1]]);
    Ok(())
}
