module corpus.example

go 1.26.0

require github.com/allocarrays/allocarrays-go v0.0.0

replace github.com/allocarrays/allocarrays-go => ../stub
