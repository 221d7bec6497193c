// Package safetensors reads and writes the safetensors file format, treating
// every file as hostile until it has been checked.
//
// A file is three parts, one after the other:
//
//	8 bytes   n, the length of the header, little endian
//	n bytes   the header: a JSON object in UTF-8, padded at its end with spaces
//	the rest  the data: the elements of all tensors, little endian, row-major
//
// The header maps the name of a tensor to its description, and the reserved
// name "__metadata__" to an object of strings:
//
//	{"__metadata__": {"format": "pt"},
//	 "fc1.weight": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}}
//
// Offsets are bytes from the start of the data, the end excluded. The tensors
// have to tile the data: no hole, no overlap, nothing after the last one.
// Source: https://github.com/huggingface/safetensors, sections "Format" and
// "Notes" of its README.
//
// [Encode] and [WriteFile] write a file from memory ([From], [NewTensor]) or from any
// io.ReaderAt ([NewTensorAt]), such as a tensor of another file, piece by piece: what they need
// beside the tensors is the header. The same content gives the same bytes.
//
// [Open] and [Decode] read and check the header only; the elements are read
// when a [Tensor] is asked for them. Whatever is wrong with a file is reported
// as an [*Error] that names the file, the tensor and the reason, on a line of
// bounded length. No file makes this package panic, and no number in a file is used
// as the size of an allocation before it has been compared with the size of the
// file. Opening a file takes less than ten times the memory of its header.
//
// The reader is stricter than the format in four places, where a lenient one
// would hide damage: a field it does not know, a tensor without a name and a
// shape whose non-zero dimensions overflow are errors, and a header may have 16 MiB,
// not 100 MB. The 4-, 6- and 8-bit
// float types are not supported and are reported by name.
package safetensors
