// Package ops has the operators.
//
// An operator is one function, registered with the first opset of its form. It gets a [Call]: the node,
// and what is known of its inputs, that is, their types and shapes, and the elements of those that are
// known already. It declares the outputs and sets the kernel:
//
//	func init() { register("Relu", relu, 1, 6) }
//
//	func relu(c *Call) {
//		x := c.Input(0)
//		c.Declare(0, x.Type, x.Shape...)
//		c.InPlace(0, 0)
//		...
//		c.Kernel = func(a *Args) error { kernel.ReLU(slice[float32](a.Out[0]), slice[float32](a.In[0])); return nil }
//	}
//
// The function runs once for each signature of shapes and may allocate; the kernel runs often, on memory
// that is planned, and must not. An operator that cannot say the shape of its outputs without the
// elements of an input asks for them with [Call.Elements] and friends. If they are not known yet, the call
// ends there, and the function is called again when they are: as each run comes to the node. So one function
// serves for shapes, for constants, for planned memory and for shapes that depend on data.
//
// Faults of the model are reported with [Call.Fail], which ends the call, and what is not implemented with
// [Call.Unsupported]. Attributes are read with [Call.Int] and its like, which check their type.
package ops
