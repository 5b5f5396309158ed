def deep() -> str:
    return __name__
