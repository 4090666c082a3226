package attachment

import (
	"fmt"
	"strings"
)

// Size writes a number of bytes for people: 1.2 MB, 118 KB, 12 字节. A part of a
// kilobyte counts as a whole one.
func Size(n int64) string {
	const kilo, mega = 1 << 10, 1 << 20
	switch {
	case n >= mega:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/mega), ".0") + " MB"
	case n >= kilo:
		return fmt.Sprintf("%d KB", (n+kilo-1)/kilo)
	}
	return fmt.Sprintf("%d 字节", n)
}

// Describe says what a file is: PDF，12 页，1.2 MB.
func Describe(c Content, size int64) string {
	switch c.MediaType {
	case TypePDF:
		return fmt.Sprintf("PDF，%d 页，%s", c.Pages, Size(size))
	case TypeJPEG:
		return "JPEG 图片，" + Size(size)
	}
	return "PNG 图片，" + Size(size)
}
