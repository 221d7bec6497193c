// Beam classifies handwritten digits in batches on Apache Beam: on this machine, or on a
// cluster that runs Flink, Spark or Dataflow.
//
//	go run . -images '../../data/*-images-idx3-ubyte.gz' -out /tmp/digits
//	go run . -images 'scans/*/*.png' -out /tmp/digits
//	go run . -images 'gs://bucket/scans/*.png' -out gs://bucket/digits --runner=flink --endpoint=…
//
// Files are sets of images in the IDX format of MNIST, gzipped or not, and single PNG, JPEG
// or GIF pictures. Labels are optional: those of a set lie in the file beside it with "labels-idx1" for
// "images-idx3" in its name, that of a picture is the name of its folder, if that is a
// digit. The folder -out gets
//
//	results.csv    image, digit, probability and label (empty if there is none), in no order
//	problems.csv   the files that could not be read, and why; none if there are none
//	summary.txt    how many, how many right, and how long a micro-batch took
//
// A file that cannot be read does not stop the pipeline. The program exits with 1 if there was
// one, or if the pipeline failed.
//
// The worker is in classify.go: one buffer a worker, a scope a bundle, a scope a
// micro-batch. docs/cluster.md says how to run it on a cluster, and what it costs.
package main
