if known
    x = 1
y = = 2
