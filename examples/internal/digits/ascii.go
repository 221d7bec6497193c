package digits

import (
	"fmt"
	"strings"
)

// ramp is the characters of ASCII from paper to ink.
const ramp = " .:-=+*#%@"

// ASCII draws an image of Size·Size pixels as text for a terminal: Size/2 lines
// of Size characters, each ended by a newline. A character stands for two
// pixels, one above the other, because it is about twice as high as wide. It
// panics if img is of another length.
func ASCII(img []byte) string {
	if len(img) != Size*Size {
		panic(fmt.Sprintf("digits: ASCII: %d pixels, want %d", len(img), Size*Size))
	}
	var text strings.Builder
	for y := 0; y < Size; y += 2 {
		for x := range Size {
			level := int(img[y*Size+x]) + int(img[(y+1)*Size+x]) // 0 to 510
			text.WriteByte(ramp[level*len(ramp)/511])
		}
		text.WriteByte('\n')
	}
	return text.String()
}
