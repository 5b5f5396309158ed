//! What control groups let the process have.
//!
//! Read here and not by sysinfo, which counts as used what the kernel keeps of files; after a model was read from disk
//! that would be most of what is free.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The host's total and available memory, cut down to what the groups of this process leave.
pub(super) fn within_limits(total: u64, available: u64) -> (u64, u64) {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let found = find(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"));
    let Some(group) = found else {
        return (total, available);
    };
    group.within_limits(total, available)
}

/// The files of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Files {
    limit: &'static str,
    usage: &'static str,
    /// In `memory.stat`: what the kernel keeps of files and can drop at once.
    droppable: &'static str,
}

const VERSION_1: Files = Files {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    droppable: "total_inactive_file",
};

const VERSION_2: Files = Files {
    limit: "memory.max",
    usage: "memory.current",
    droppable: "inactive_file",
};

/// The group that a process is in, and where the hierarchy is mounted.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    directory: PathBuf,
    mount: PathBuf,
    files: Files,
}

/// The group that accounts for memory: of version 1 where it has the memory controller, else of version 2.
fn find(groups: &str, mounts: &str) -> Option<Group> {
    let of_version_1 = groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let accounts = controllers.split(',').any(|name| name == "memory");
        accounts.then_some(path)
    });
    let (path, files) = if let Some(path) = of_version_1 {
        (path, VERSION_1)
    } else {
        let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
        (path, VERSION_2)
    };
    let (root, mount) = mounts.lines().find_map(|line| mounted(line, files))?;
    // A container may see a group that is outside of what is mounted; then the mount itself is its group.
    let below = Path::new(path).strip_prefix(&root).unwrap_or(Path::new(""));
    Some(Group {
        directory: mount.join(below),
        mount,
        files,
    })
}

/// The root within the hierarchy and the mount point, where a line of `mountinfo` mounts that version.
fn mounted(line: &str, files: Files) -> Option<(PathBuf, PathBuf)> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, mount) = (place.next()?, place.next()?);
    let mut kind = kind.split(' ');
    let (system, options) = (kind.next()?, kind.nth(1)?);
    let fits = if files == VERSION_2 {
        system == "cgroup2"
    } else {
        system == "cgroup" && options.split(',').any(|option| option == "memory")
    };
    fits.then(|| (PathBuf::from(root), PathBuf::from(mount)))
}

impl Group {
    /// A group is bound by the limits of all the groups around it.
    fn within_limits(&self, mut total: u64, mut available: u64) -> (u64, u64) {
        for directory in self.directory.ancestors() {
            // `max` of version 2 is no number; without a limit version 1 says one that no machine has.
            if let Some(limit) = number(&directory.join(self.files.limit)) {
                total = total.min(limit);
                if let Some(usage) = number(&directory.join(self.files.usage)) {
                    let used = usage.saturating_sub(self.droppable(directory));
                    available = available.min(limit.saturating_sub(used));
                }
            }
            if directory == self.mount {
                break;
            }
        }
        (total, available.min(total))
    }

    fn droppable(&self, directory: &Path) -> u64 {
        let statistics = fs::read_to_string(directory.join("memory.stat")).unwrap_or_default();
        statistics
            .lines()
            .filter_map(|line| line.split_once(' '))
            .find(|(key, _)| *key == self.files.droppable)
            .and_then(|(_, value)| value.trim().parse().ok())
            .unwrap_or(0)
    }
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const GIB: u64 = 1 << 30;

    fn write(directory: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(directory).unwrap();
        for (name, text) in files {
            fs::write(directory.join(name), text).unwrap();
        }
    }

    #[test]
    fn version_1_counts_where_it_has_the_memory_controller() {
        let groups = "9:name=systemd:/\n4:cpu,memory:/jobs/one\n0::/else\n";
        let mounts = "\
            32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n\
            35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n\
            41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let found = find(groups, mounts).unwrap();
        assert_eq!(found.directory, Path::new("/sys/fs/cgroup/memory/jobs/one"));
        assert_eq!(found.mount, Path::new("/sys/fs/cgroup/memory"));
        assert_eq!(found.files, VERSION_1);
    }

    #[test]
    fn a_group_outside_of_the_mount_is_the_mount() {
        let mounts = "41 31 0:38 /pod/a /sys/fs/cgroup ro - cgroup2 cgroup rw,nsdelegate\n";
        let inside = find("0::/pod/a/b\n", mounts).unwrap();
        assert_eq!(inside.directory, Path::new("/sys/fs/cgroup/b"));
        let outside = find("0::/../elsewhere\n", mounts).unwrap();
        assert_eq!(outside.directory, Path::new("/sys/fs/cgroup"));
        assert_eq!(find("", mounts), None);
        assert_eq!(find("0::/\n", "garbage\n\n - \n"), None);
    }

    #[test]
    fn the_least_limit_around_counts_and_files_are_free() {
        let mount = tempfile::tempdir().unwrap();
        let mount = mount.path();
        let parent = mount.join("pod");
        let directory = parent.join("container");
        // The mount of version 2 has no files of its own.
        write(
            &parent,
            &[
                ("memory.max", "4294967296\n"),
                ("memory.current", "3221225472\n"),
                ("memory.stat", "anon 5\ninactive_file 1073741824\n"),
            ],
        );
        write(
            &directory,
            &[("memory.max", "max\n"), ("memory.current", "1073741824\n")],
        );
        let group = Group {
            directory,
            mount: mount.to_owned(),
            files: VERSION_2,
        };
        // 3 GiB are taken, of which one is of files.
        assert_eq!(group.within_limits(16 * GIB, 12 * GIB), (4 * GIB, 2 * GIB));
        // The machine has less left than the group.
        assert_eq!(group.within_limits(16 * GIB, GIB), (4 * GIB, GIB));
    }

    #[test]
    fn no_limit_of_version_1_is_a_number_that_no_machine_has() {
        let mount = tempfile::tempdir().unwrap();
        write(
            mount.path(),
            &[
                ("memory.limit_in_bytes", "9223372036854771712\n"),
                ("memory.usage_in_bytes", "1073741824\n"),
            ],
        );
        let group = Group {
            directory: mount.path().to_owned(),
            mount: mount.path().to_owned(),
            files: VERSION_1,
        };
        assert_eq!(group.within_limits(8 * GIB, 3 * GIB), (8 * GIB, 3 * GIB));
        // Over its limit, as a group is for a moment.
        write(mount.path(), &[("memory.limit_in_bytes", "536870912\n")]);
        assert_eq!(group.within_limits(8 * GIB, 3 * GIB), (GIB / 2, 0));
    }
}
