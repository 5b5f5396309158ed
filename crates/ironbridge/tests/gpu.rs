//! Cards as NVML tells them, by a stand-in for its library that the tests build.

#![allow(clippy::unwrap_used, missing_docs)]

mod children;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::OnceLock,
    time::Duration,
};

use children::{Ended, say, start_with};
use futures::StreamExt;
use ironbridge::{
    ErrorKind,
    gpu::{self, Nvml},
    memory::{self, ByteSize, Device},
};

const GIB: u64 = 1 << 30;

fn main() -> ExitCode {
    children::main(TESTS, SCENARIOS)
}

const TESTS: &[children::Named] = &[
    ("two_cards", || {
        with_cards("cards", &[]);
    }),
    ("lookups", || {
        with_cards("lookups", &[]);
    }),
    ("memory", || {
        with_cards("memory", &[]);
    }),
    ("a_process_loads_one_library_and_nothing_of_python", || {
        with_cards("shared", &[]);
    }),
    ("a_card_is_lost", || {
        with_cards("lost", &[("STAND_IN_LOST_AFTER", "2")]);
    }),
    ("visible_all", || visible(None, "0 1")),
    ("visible_in_its_order", || visible(Some("1,0"), "1 0")),
    ("visible_none", || {
        visible(Some(""), "");
        visible(Some("-1"), "");
    }),
    ("visible_ends_at_the_first_wrong", || {
        visible(Some("1, 7, 0"), "1");
        visible(Some("0,x,1"), "0");
    }),
    ("visible_takes_no_card_twice", || visible(Some("1,1"), "")),
    ("visible_by_uuid", || {
        visible(Some("GPU-12222222-bbbb-0000-0000-000000000000,0"), "1 0");
        visible(Some("GPU-12"), "1");
        // Of two cards, so of none.
        visible(Some("GPU-1"), "");
    }),
    ("init_fails", || {
        with_cards("init", &[("STAND_IN_INIT", "9")])
            .said(
                "GPUs cannot be read: NVIDIA's driver does not start: NVIDIA driver is not loaded",
            )
            .said("help: load the driver's kernel module");
        with_cards("init", &[("STAND_IN_INIT", "18")])
            .said("RM detects a driver/library version mismatch")
            .said("restart the machine");
        with_cards("init", &[("STAND_IN_INIT", "777")]).said("777");
    }),
    ("a_broken_library", || {
        let directory = tempfile::tempdir().unwrap();
        let broken = directory.path().join("libnvidia-ml.so.1");
        std::fs::write(&broken, "no library").unwrap();
        with_library(&broken, "init", &[])
            .said("the library that IRONBRIDGE_NVML names cannot be loaded")
            .said(&format!("tried: {}: ", broken.display()))
            .said("help: name an NVML library by IRONBRIDGE_NVML, or unset it");
        with_library(&directory.path().join("none"), "init", &[]).said("No such file or directory");
    }),
    ("a_library_of_something_else", || {
        // A library that loads, and has nothing of NVML.
        let other = build(
            "other",
            "#[unsafe(no_mangle)] pub extern \"C\" fn other() {}",
        );
        with_library(&other, "init", &[])
            .said("it is no NVML library:")
            .said("nvmlInit_v2");
    }),
    ("the_machine_itself", || {
        // With a driver and without, this machine says one or the other.
        start_with("machine", |command| {
            command.env_remove("IRONBRIDGE_NVML");
        })
        .end()
        .with_code(0)
        .quietly();
    }),
];

fn with_cards(scenario: &str, variables: &[(&str, &str)]) -> Ended {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| build("nvml", include_str!("gpu/nvml.rs")));
    with_library(library, scenario, variables)
}

fn with_library(library: &Path, scenario: &str, variables: &[(&str, &str)]) -> Ended {
    start_with(scenario, |command| {
        command
            .env("IRONBRIDGE_NVML", library)
            .env_remove("CUDA_VISIBLE_DEVICES")
            .envs(variables.iter().copied());
    })
    .end()
    .with_code(0)
    .quietly()
}

fn visible(wanted: Option<&str>, indices: &str) {
    let variables: Vec<_> = wanted
        .map(|it| ("CUDA_VISIBLE_DEVICES", it))
        .into_iter()
        .collect();
    with_cards("visible", &variables).said(&format!("visible: {indices}\n"));
}

/// Compiles a library that C could load.
fn build(name: &str, source: &str) -> PathBuf {
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (text, library) = (directory.join("lib.rs"), directory.join("library"));
    std::fs::write(&text, source).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = Command::new(rustc)
        .args([
            "--edition=2024",
            "--crate-type=cdylib",
            "--crate-name=stand_in",
            "-Copt-level=0",
        ])
        .arg("-o")
        .args([&library, &text])
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    library
}

const SCENARIOS: &[children::Named] = &[
    ("cards", || {
        let cards = gpu::devices().unwrap();
        let [first, second] = &cards[..] else {
            panic!("{cards:#?}");
        };
        assert_eq!(
            (first.index, first.name.as_str()),
            (0, "NVIDIA H100 80GB HBM3")
        );
        assert_eq!(first.uuid, "GPU-11111111-aaaa-0000-0000-000000000000");
        let memory = first.memory.unwrap();
        assert_eq!(memory.total, ByteSize(80 * GIB));
        assert_eq!(memory.used, ByteSize(20 * GIB));
        assert_eq!(memory.free, ByteSize(59 * GIB));
        let busy = first.utilisation.unwrap();
        assert_eq!((busy.compute, busy.memory), (45, 12));
        assert_eq!(first.temperature, Some(56));
        let power = first.power.unwrap();
        assert_eq!((power.draw, power.limit), (310.5, Some(700.0)));
        let processes: Vec<_> = first
            .processes
            .iter()
            .map(|process| (process.pid, process.used, process.name.as_deref()))
            .collect();
        let mut expected = vec![
            (7, None, None),
            // Computes and draws: one process, counted once.
            (41, Some(ByteSize(6 * GIB)), Some("/usr/bin/python3")),
            (std::process::id(), Some(ByteSize(2 * GIB)), None),
        ];
        expected.sort_unstable_by_key(|process| process.0);
        assert_eq!(processes, expected);
        assert_eq!(
            first.to_string(),
            "gpu 0, NVIDIA H100 80GB HBM3: 20.0 GiB used of 80.0 GiB, 59.0 GiB free; 45 % busy; 56 °C; 310 W of 700 W"
        );

        assert_eq!(second.memory, None);
        assert_eq!((second.temperature, second.power), (None, None));
        assert_eq!(second.utilisation.unwrap().compute, 3);
        assert_eq!(second.processes.len(), 1);
        assert_eq!(
            second.to_string(),
            "gpu 1, NVIDIA GB10: memory unknown; 3 % busy"
        );
    }),
    ("lookups", || {
        assert_eq!(gpu::device(1).unwrap().name, "NVIDIA GB10");
        let error = gpu::device(2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        assert_eq!(error.to_string(), "there is no gpu 2");
        assert!(format!("{error:#}").contains("cards: 2"), "{error:#}");

        let first = gpu::devices().unwrap().remove(0);
        assert_eq!(gpu::device_by_uuid(&first.uuid).unwrap(), first);
        for unknown in ["GPU-0", "", "GPU-\0"] {
            let error = gpu::device_by_uuid(unknown).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Device);
            assert!(format!("{error:#}").contains(&first.uuid), "{error:#}");
        }
    }),
    ("memory", || {
        let card = memory::read(Device::Gpu(0)).unwrap();
        assert_eq!(card.to_string(), "20.0 GiB used of 80.0 GiB, 59.0 GiB free");
        assert_eq!(
            memory::used_by_process(Device::Gpu(0)).unwrap(),
            ByteSize(2 * GIB)
        );
        let error = memory::read(Device::Gpu(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        assert!(
            error.to_string().starts_with("gpu 1 cannot be read:"),
            "{error}"
        );
        // Listed, and its memory is not told.
        let error = memory::used_by_process(Device::Gpu(1)).unwrap_err();
        assert!(error.to_string().contains("does not tell"), "{error}");

        // The host counts what is taken here.
        let before = memory::used_by_process(Device::Host).unwrap();
        let taken = std::hint::black_box(vec![1u8; 256 << 20]);
        let after = memory::used_by_process(Device::Host).unwrap();
        assert!(
            after.as_u64() >= before.as_u64() + (200 << 20),
            "{before} {after}"
        );
        drop(taken);
        let host = memory::read(Device::Host).unwrap();
        assert!(host.total.as_u64() > after.as_u64());
        assert_eq!(host.used + host.free, host.total);

        let watched = futures::executor::block_on(
            memory::watch(Device::Gpu(0), Duration::from_millis(1))
                .take(3)
                .collect::<Vec<_>>(),
        );
        assert_eq!(watched.len(), 3);
        assert!(watched.into_iter().all(|read| read.unwrap() == card));
    }),
    ("shared", || {
        let shared = Nvml::shared().unwrap();
        assert!(std::ptr::eq(shared, Nvml::shared().unwrap()));
        assert_eq!(shared.driver_version().unwrap(), "570.86.15");
        let own = Nvml::load().unwrap();
        assert_eq!(own.count().unwrap(), 2);
        drop(own);
        assert_eq!(shared.devices().unwrap().len(), 2);
        // SAFETY: asks whether it runs, and nothing else.
        assert_eq!(unsafe { pyo3::ffi::Py_IsInitialized() }, 0);
    }),
    ("lost", || {
        // Two readings, then the card is gone; the stream says so and goes on, and the other card is read.
        let readings = futures::executor::block_on(
            gpu::watch(Duration::from_millis(1))
                .take(4)
                .collect::<Vec<_>>(),
        );
        let lost: Vec<bool> = readings.iter().map(Result::is_err).collect();
        assert_eq!(lost, [false, false, true, true]);
        let error = readings[3].as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        assert!(
            error
                .to_string()
                .starts_with("gpu 1 cannot be read: device fell off the bus"),
            "{error}"
        );
        assert!(format!("{error:#}").contains("dmesg"), "{error:#}");
        assert_eq!(gpu::device(0).unwrap().index, 0);
    }),
    ("visible", || {
        let indices: Vec<_> = gpu::visible()
            .unwrap()
            .iter()
            .map(|card| card.index.to_string())
            .collect();
        say(&format!("visible: {}", indices.join(" ")));
    }),
    ("init", || {
        let error = gpu::devices().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        say(&format!("{error:#}"));
    }),
    ("machine", || match gpu::devices() {
        Ok(cards) => {
            let query = "--query-gpu=index,name,uuid,memory.total";
            let told = Command::new("nvidia-smi")
                .args([query, "--format=csv,noheader,nounits"])
                .output()
                .unwrap();
            let ours = cards.iter().map(|card| {
                let mebibytes = card.memory.unwrap().total.as_u64() >> 20;
                format!("{}, {}, {}, {mebibytes}", card.index, card.name, card.uuid)
            });
            let ours: Vec<_> = ours.collect();
            let told = String::from_utf8_lossy(&told.stdout);
            assert_eq!(ours, told.lines().collect::<Vec<_>>());
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Device);
            let story = format!("{error:#}");
            assert!(story.contains("NVIDIA's driver"), "{story}");
            assert!(story.contains("libnvidia-ml.so"), "{story}");
            assert!(story.contains("\n  help: "), "{story}");
        }
    }),
];
