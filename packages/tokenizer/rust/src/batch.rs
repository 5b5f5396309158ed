//! Rows of ids of different lengths as one array.

use crate::error::{Error, ErrorKind, Result};
use crate::vocabulary::TokenId;

/// One end of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Side {
    /// The beginning.
    Left,
    /// The end.
    #[default]
    Right,
}

/// To which length rows are padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PadTo {
    /// That of the longest row.
    #[default]
    Longest,
    /// This one. No row may be longer.
    Length(usize),
}

/// What is added to rows that are shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Padding {
    /// What is added.
    pub id: TokenId,
    /// Where.
    pub side: Side,
    /// How much.
    pub to: PadTo,
    /// The length is made a multiple of this.
    pub multiple_of: usize,
}

impl Padding {
    /// That id, on the right, up to the longest row.
    pub fn new(id: TokenId) -> Self {
        Self {
            id,
            side: Side::default(),
            to: PadTo::default(),
            multiple_of: 1,
        }
    }
}

/// What is cut off rows that are longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Truncation {
    /// How many ids are left.
    pub max: usize,
    /// Where it is cut off.
    pub side: Side,
}

impl Truncation {
    /// What is left of a row.
    pub fn of<'r>(&self, row: &'r [TokenId]) -> &'r [TokenId] {
        let kept = row.len().min(self.max);
        match self.side {
            Side::Left => &row[row.len() - kept..],
            Side::Right => &row[..kept],
        }
    }
}

/// Rows of ids, all of one length.
///
/// ```
/// use ironbpe::{Batch, Padding};
///
/// let batch = Batch::new(&[vec![1, 2, 3], vec![4]], &Padding::new(0), None)?;
/// assert_eq!(batch.ids, [1, 2, 3, 4, 0, 0]);
/// assert_eq!((batch.rows, batch.columns), (2, 3));
/// assert_eq!(batch.mask(), [1, 1, 1, 1, 0, 0]);
/// # Ok::<(), ironbpe::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// One row after the other.
    pub ids: Vec<TokenId>,
    /// How many rows there are.
    pub rows: usize,
    /// How long each is.
    pub columns: usize,
    /// How many of each row are not padding.
    pub lengths: Vec<usize>,
    /// Where the padding is.
    pub side: Side,
}

impl Batch {
    /// Cuts rows off, then pads them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setting`]: a row that is longer than the length to which they are padded, a multiple of 0, or an array
    /// that is larger than memory can be.
    pub fn new<R: AsRef<[TokenId]>>(
        rows: &[R],
        padding: &Padding,
        truncation: Option<&Truncation>,
    ) -> Result<Self> {
        let kept = || {
            let rows = rows.iter().map(AsRef::as_ref);
            rows.map(|row| truncation.map_or(row, |truncation| truncation.of(row)))
        };
        let lengths: Vec<usize> = kept().map(<[TokenId]>::len).collect();
        let columns = match padding.to {
            PadTo::Longest => lengths.iter().copied().max().unwrap_or(0),
            PadTo::Length(length) => {
                if let Some(row) = lengths.iter().position(|row| *row > length) {
                    let has = lengths[row];
                    return Err(Error::new(
                        ErrorKind::Setting,
                        format!("row {row} has {has} ids, more than the {length} it is padded to"),
                    )
                    .help("truncate it, or pad to more"));
                }
                length
            }
        };
        let columns = if padding.multiple_of == 0 {
            None
        } else {
            columns.checked_next_multiple_of(padding.multiple_of)
        };
        let size = columns.and_then(|columns| columns.checked_mul(rows.len()));
        let (Some(columns), Some(size)) = (columns, size) else {
            let (to, rows) = (padding.multiple_of, rows.len());
            return Err(Error::new(
                ErrorKind::Setting,
                format!("{rows} rows cannot be padded to a multiple of {to}"),
            ));
        };
        let mut ids = Vec::new();
        if ids.try_reserve_exact(size).is_err() {
            return Err(Error::new(
                ErrorKind::Setting,
                format!(
                    "there is no memory for {} rows of {columns} ids",
                    rows.len()
                ),
            ));
        }
        for row in kept() {
            let added = std::iter::repeat_n(padding.id, columns - row.len());
            match padding.side {
                Side::Left => {
                    ids.extend(added);
                    ids.extend_from_slice(row);
                }
                Side::Right => {
                    ids.extend_from_slice(row);
                    ids.extend(added);
                }
            }
        }
        Ok(Self {
            ids,
            rows: rows.len(),
            columns,
            lengths,
            side: padding.side,
        })
    }

    /// As many numbers as ids: 1 for those that are not padding, 0 for those that are.
    pub fn mask(&self) -> Vec<u8> {
        let mut mask = Vec::with_capacity(self.ids.len());
        for length in &self.lengths {
            let there = std::iter::repeat_n(1, *length);
            let added = std::iter::repeat_n(0, self.columns - length);
            match self.side {
                Side::Left => mask.extend(added.chain(there)),
                Side::Right => mask.extend(there.chain(added)),
            }
        }
        mask
    }
}
