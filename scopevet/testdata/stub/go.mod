module github.com/allocarrays/allocarrays-go

go 1.26.0
