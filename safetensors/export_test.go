package safetensors

// Bytes reads the elements as stored into a new slice of Size bytes.
func (t Tensor) Bytes() ([]byte, error) {
	data := make([]byte, t.Size())
	if err := t.readAt(data, 0); err != nil {
		return nil, err
	}
	return data, nil
}
