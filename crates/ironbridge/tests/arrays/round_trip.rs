//! Any dtype, shape and layout there and back.

use ironbridge::Session;
use ironbridge::arrays::{ArrayD, ArrayMutD, Cast, Element, bf16, f16};
use ndarray::{Array as Owned, Axis, IxDyn, Slice};
use proptest::prelude::*;

use crate::support::session;

/// What is done to one axis: reversed, stepped, cut.
#[derive(Debug, Clone)]
struct Cut {
    length: usize,
    start: usize,
    step: isize,
}

fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let cut = (
        0_usize..5,
        0_usize..3,
        prop_oneof![Just(1_isize), Just(-1), Just(2), Just(-2)],
    )
        .prop_map(|(length, start, step)| Cut {
            length,
            start: start.min(length),
            step,
        });
    proptest::collection::vec(cut, 0..5)
}

/// An array of `T` that is cut and has its axes in another order.
fn cut<T: Element>(cuts: &[Cut], fortran: bool, value: impl Fn(u8) -> T) -> Owned<T, IxDyn> {
    let shape: Vec<usize> = cuts.iter().map(|cut| cut.length).collect();
    let count = u8::try_from(shape.iter().product::<usize>() % 251).unwrap_or(0);
    let mut next = count;
    let mut array = Owned::from_shape_simple_fn(IxDyn(&shape), || {
        next = next.wrapping_add(1);
        value(next)
    });
    for (axis, cut) in cuts.iter().enumerate() {
        array.slice_axis_inplace(
            Axis(axis),
            Slice::new(cut.start.cast_signed(), None, cut.step),
        );
    }
    if fortran {
        array.reversed_axes()
    } else {
        array
    }
}

fn round_trip<T: Element>(session: &Session, array: Owned<T, IxDyn>) {
    let frozen = ArrayD::from(array.clone());
    session.set("a", &frozen).unwrap();
    assert_eq!(*session.get::<ArrayD<T>>("a").unwrap(), *array);
    // NumPy's own copies, in its own memory, of either order.
    for order in ["C", "F", "K"] {
        let copy: ArrayD<T> = session.eval(&format!("a.copy('{order}')")).unwrap();
        assert_eq!(*copy, *array);
    }
    let mut taken: ArrayMutD<T> = session.eval("a.copy().T").unwrap();
    assert_eq!(*taken, *array.t());
    let first = taken.first_mut().map(|first| *first);
    assert_eq!(first, array.first().copied());
    session.set("b", taken).unwrap();
    assert!(
        session
            .eval::<bool>("bool((a.T == b).all()) and b.flags.writeable")
            .unwrap()
    );
    let swapped: Cast<ArrayD<T>> = session.eval("a.astype(a.dtype.newbyteorder())").unwrap();
    assert_eq!(**swapped, *array);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arrays_survive_the_way_there_and_back(cuts in cuts(), fortran: bool) {
        let session = session();
        round_trip(&session, cut(&cuts, fortran, |byte| byte % 2 == 0));
        round_trip(&session, cut(&cuts, fortran, u8::cast_signed));
        round_trip(&session, cut(&cuts, fortran, u16::from));
        round_trip(&session, cut(&cuts, fortran, |byte| -i32::from(byte)));
        round_trip(&session, cut(&cuts, fortran, u64::from));
        round_trip(&session, cut(&cuts, fortran, f16::from));
        round_trip(&session, cut(&cuts, fortran, f32::from));
        round_trip(&session, cut(&cuts, fortran, f64::from));
    }
}

#[test]
fn brain_floats_survive_too() {
    let session = session();
    session.run("import ml_dtypes").unwrap();
    let array = Owned::from_shape_fn(IxDyn(&[3, 2]), |index| {
        bf16::from_f32([0.5, 1.5, 2.5][index[0]])
    });
    session.set("a", ArrayD::from(array.clone())).unwrap();
    assert_eq!(*session.eval::<ArrayD<bf16>>("a.copy()").unwrap(), *array);
    let cast: Cast<ArrayD<f32>> = session.get("a").unwrap();
    assert_eq!(cast.sum(), 9.0);
}
