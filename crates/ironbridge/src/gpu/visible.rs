//! `CUDA_VISIBLE_DEVICES`, as CUDA reads it.

/// The indices it names, in its order. `uuids` has those of all cards; `None` of one that does not answer.
pub(super) fn indices(wanted: &str, uuids: &[Option<String>]) -> Vec<u32> {
    let mut indices = Vec::new();
    for entry in wanted.split(',') {
        match index(entry.trim(), uuids) {
            Some(index) if indices.contains(&index) => return Vec::new(), // CUDA takes no card twice, and gives none.
            Some(index) => indices.push(index),
            None => break,
        }
    }
    indices
}

fn index(entry: &str, uuids: &[Option<String>]) -> Option<u32> {
    if let Ok(index) = entry.parse::<u32>() {
        return (usize::try_from(index).ok()? < uuids.len()).then_some(index);
    }
    if !entry.starts_with("GPU-") {
        return None;
    }
    // Shortened, it has to be of one card alone.
    let mut fitting = uuids.iter().enumerate().filter(|(_, uuid)| {
        let uuid = uuid.as_deref().unwrap_or_default();
        uuid.get(..entry.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(entry))
    });
    let (index, _) = fitting.next()?;
    match fitting.next() {
        Some(_) => None,
        None => u32::try_from(index).ok(),
    }
}
