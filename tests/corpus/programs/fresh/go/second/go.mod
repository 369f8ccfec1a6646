module example.org/second

go 1.19
