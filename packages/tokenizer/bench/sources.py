"""What the corpus is made of: packages by name and version, and which of their files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Files of one package; `weight` is its share of its part, as far as it has that much text."""

    registry: str  # "pypi", "crates" or "debian"
    name: str
    version: str
    files: str  # a regular expression that the path within the package matches
    weight: float = 1.0
    reader: str = "plain"


_MAN = r"/share/man/[^/]+/man\d/"
_OTHERS = r"/(?!en[-/]|C/)[a-z]{2,3}(-[A-Za-z]+)?/[^/]+\.html$"

ENGLISH = [
    Source("debian", "python3.11-doc", "3.11.2-6+deb12u9", r"_sources/.*\.rst\.txt$", 2),
    Source("debian", "dict-gcide", "0.48.5+nmu2", r"\.dict\.dz$", 3),
    Source("debian", "dict-wn", "1:3.0-37", r"\.dict\.dz$", 1.5),
    Source("debian", "debian-reference-en", "2.100", r"\.en\.html$", 0.5, "html"),
    Source("debian", "debian-handbook", "11.20220922", r"/html/en-US/[^/]+\.html$", 0.5, "html"),
    Source("debian", "installation-guide-amd64", "20230508+deb12u1", r"/en/[^/]+\.html$", 0.3, "html"),
    Source("debian", "git-doc", "1:2.39.5-0+deb12u3", r"\.txt(\.gz)?$", 1),
    Source("debian", "perl-doc", "5.36.0-7+deb12u4", r"\.pod$", 1),
    Source("debian", "manpages", "6.03-2", _MAN.replace("[^/]+/", ""), 0.5),
    Source("debian", "manpages-dev", "6.03-2", _MAN.replace("[^/]+/", ""), 0.8),
    Source("debian", "vim-runtime", "2:9.0.1378-2+deb12u2", r"/doc/[^/]+\.txt(\.gz)?$", 1.5),
    Source("debian", "linux-doc-6.1", "6.1.192-2", r"\.(rst|txt)(\.gz)?$", 3),
]

CODE = [
    Source("pypi", "django", "5.2.19", r"\.(py|js|html|css)$", 2),
    Source("pypi", "sympy", "1.14.0", r"\.py$", 2),
    Source("pypi", "sqlalchemy", "2.1.9", r"\.py$", 1.5),
    Source("pypi", "networkx", "3.6.1", r"\.py$", 1),
    Source("pypi", "bokeh", "3.9.2", r"(bokeh\.js|\.d\.ts|\.py)$", 1),
    Source("crates", "tokio", "1.54.1", r"\.(rs|md|toml)$", 1),
    Source("crates", "syn", "3.0.10", r"\.(rs|md|toml)$", 0.7),
    Source("crates", "regex-automata", "0.4.19", r"\.(rs|md|toml)$", 0.8),
    Source("crates", "nalgebra", "0.35.0", r"\.(rs|md|toml)$", 0.7),
    Source("crates", "polars-core", "0.55.2", r"\.(rs|md|toml)$", 0.7),
    Source("crates", "cranelift-codegen", "0.135.8", r"\.(rs|isle|toml)$", 1),
    Source("crates", "librocksdb-sys", "0.19.0+11.8.1", r"\.(h|cc|cpp|c|rs|sh|py|md)$", 3),
    Source("crates", "libsqlite3-sys", "0.40.0", r"\.(h|c|rs|sh)$", 0.7),
    Source("crates", "openssl-src", "400.0.2+4.0.3", r"\.(h|c|pl|pm|in)$", 2),
]

MULTILINGUAL = [
    Source("debian", "manpages-de", "4.18.1-1", _MAN, 0.6),
    Source("debian", "manpages-fr", "4.18.1-1", _MAN, 0.6),
    Source("debian", "manpages-es", "4.18.1-1", _MAN, 0.5),
    Source("debian", "manpages-ja", "0.5.0.0.20221215+dfsg-1", _MAN, 1),
    Source("debian", "manpages-pl", "1:4.18.1-1", _MAN, 0.5),
    Source("debian", "manpages-ru", "4.18.1-1", _MAN, 0.8),
    Source("debian", "manpages-uk", "4.18.1-1", _MAN, 0.5),
    Source("debian", "manpages-zh", "1.6.4.0-1", _MAN, 1),
    Source("debian", "debian-handbook", "11.20220922", _OTHERS, 4, "html"),
    Source("debian", "installation-guide-amd64", "20230508+deb12u1", _OTHERS, 3, "html"),
    Source("debian", "libreoffice-help-el", "4:7.4.7-1+deb12u14", r"/text/.*\.html$", 0.6, "html"),
    Source("debian", "libreoffice-help-hi", "4:7.4.7-1+deb12u14", r"/text/.*\.html$", 1, "html"),
    Source("debian", "libreoffice-help-ko", "4:7.4.7-1+deb12u14", r"/text/.*\.html$", 1, "html"),
    Source("debian", "libreoffice-help-tr", "4:7.4.7-1+deb12u14", r"/text/.*\.html$", 0.5, "html"),
    Source("debian", "libreoffice-help-vi", "4:7.4.7-1+deb12u14", r"/text/.*\.html$", 0.6, "html"),
    Source("debian", "libreoffice-help-zh-cn", "4:7.4.7-1+deb12u14", r"/text/.*\.html$", 1, "html"),
    Source("pypi", "django", "5.2.19", r"\.po$", 2.5, "po"),
    Source("pypi", "wagtail", "8.0.1", r"\.po$", 2, "po"),
    Source("pypi", "faker", "40.63.0", r"providers/.*/[a-z]{2}_[A-Z]{2}/.*\.py$", 1),
]

PARTS = {"english": ENGLISH, "code": CODE, "multilingual": MULTILINGUAL}
