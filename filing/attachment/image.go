package attachment

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // reads the size
	_ "image/png"  // reads the size
	"io"
)

// The largest image that is taken. An A3 sheet scanned at 600 dpi has 70
// million points; a browser that must draw much more is brought down by it.
const (
	maxPoints = 100_000_000
	maxSide   = 30_000
)

var errImageLarge = unprocessable(CodeImageLarge,
	"图片尺寸过大（超过 1 亿像素，或一边超过 30000 点）。请把扫描分辨率降到 300 dpi，或者压缩图片后再上传。")

// checkSize refuses an image whose head says that it is too large to draw. It
// never decodes the image.
func checkSize(r io.ReaderAt, size int64) error {
	config, _, err := image.DecodeConfig(io.NewSectionReader(r, 0, size))
	if err != nil {
		return damagedUnlessRead(err)
	}
	if config.Width <= 0 || config.Height <= 0 {
		return errDamaged
	}
	if config.Width > maxSide || config.Height > maxSide || int64(config.Width)*int64(config.Height) > maxPoints {
		return errImageLarge
	}
	return nil
}

// readError is a failure of the disk under a file, which is not the file's fault.
type readError struct{ err error }

func (e *readError) Error() string { return fmt.Sprintf("read a file: %v", e.err) }
func (e *readError) Unwrap() error { return e.err }

func damagedUnlessRead(err error) error {
	if failed, ok := errors.AsType[*readError](err); ok {
		return failed
	}
	return errDamaged
}

const (
	pngHead  = 8  // signature
	pngChunk = 12 // length, type, checksum
)

// checkPNG walks the chunks to the end mark, so that a picture cut off on its
// way is found without being decoded.
func checkPNG(r io.ReaderAt, size int64) error {
	if err := checkSize(r, size); err != nil {
		return err
	}
	var head [8]byte
	for at := int64(pngHead); at+pngChunk <= size; {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return &readError{err}
		}
		length := int64(binary.BigEndian.Uint32(head[:4]))
		at += pngChunk + length
		if string(head[4:]) == "IEND" && at <= size {
			return nil
		}
	}
	return errDamaged
}

// Marks of a JPEG file (ITU-T T.81, table B.1).
const (
	markStart = 0xD8
	markEnd   = 0xD9
	markScan  = 0xDA
	markFirst = 0xC0 // below it there are no marks with a meaning
)

// checkJPEG steps over the segments to the picture and looks for its end mark:
// the pictures of phones carry a smaller one in a segment, whose end mark does
// not count.
func checkJPEG(r io.ReaderAt, size int64) error {
	if err := checkSize(r, size); err != nil {
		return err
	}
	var head [4]byte
	for at := int64(2); at+4 <= size; {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return &readError{err}
		}
		switch {
		case head[0] != 0xFF || head[1] < markFirst && head[1] != 0x01:
			return errDamaged
		case head[1] == 0xFF: // filling
			at++
			continue
		case head[1] == 0x01 || head[1] >= 0xD0 && head[1] <= markStart: // without a length
			at += 2
			continue
		case head[1] == markScan:
			return findEnd(io.NewSectionReader(r, at, size-at))
		}
		length := int64(binary.BigEndian.Uint16(head[2:]))
		if length < 2 {
			return errDamaged
		}
		at += 2 + length
	}
	return errDamaged
}

// findEnd looks for the end mark; in a scan's data 0xFF is always followed by
// something else.
func findEnd(r io.Reader) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	for last := byte(0); ; {
		b, err := buffered.ReadByte()
		if errors.Is(err, io.EOF) {
			return errDamaged
		}
		if err != nil {
			return &readError{err}
		}
		if last == 0xFF && b == markEnd {
			return nil
		}
		last = b
	}
}
