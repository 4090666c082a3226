package attachment

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// headBytes is how much of a file tells its type.
const headBytes = 3072

var (
	errEmpty   = unprocessable(CodeEmpty, "文件是空的（0 字节）。请确认文件能打开，再重新上传。")
	errDamaged = unprocessable(CodeDamaged, "文件不完整或已损坏，无法打开。请在电脑上打开确认后重新导出或扫描，再上传。")
)

// Inspect says what a file of the given size is, or refuses it: *Error. Any
// other error is of reading.
func Inspect(r io.ReaderAt, size int64) (Content, error) {
	if size <= 0 {
		return Content{}, errEmpty
	}
	head := make([]byte, min(size, headBytes))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return Content{}, fmt.Errorf("read the head of a file: %w", err)
	}
	found := mimetype.Detect(head)
	switch {
	case found.Is(TypePDF):
		pages, err := countPages(r, size)
		return Content{MediaType: TypePDF, Pages: pages}, err
	case found.Is(TypeJPEG):
		return Content{MediaType: TypeJPEG, Pages: 1}, checkJPEG(r, size)
	case found.Is(TypePNG):
		return Content{MediaType: TypePNG, Pages: 1}, checkPNG(r, size)
	}
	return Content{}, refuseType(found)
}

// refuseType says what to do with a file of another type.
func refuseType(found *mimetype.MIME) *Error {
	name := found.String()
	switch {
	case strings.HasPrefix(name, "image/hei"), name == "image/avif":
		return unsupported("不支持 HEIC 照片。请在手机“设置—相机—格式”中选“兼容性最佳”后重拍，或者把照片另存为 JPEG 再上传。")
	case name == "image/webp", name == "image/gif", name == "image/bmp", name == "image/tiff":
		return unsupported("不支持这种图片。请另存为 JPEG、PNG 或 PDF 后再上传。")
	case isOffice(found):
		return unsupported("不支持 Word、Excel、WPS 文件。请在软件中选“另存为 PDF”或“输出为 PDF”，再上传 PDF。")
	case name == "application/zip", strings.Contains(name, "rar"), strings.Contains(name, "7z"), name == "application/gzip":
		return unsupported("不支持压缩包。请解压后逐个上传其中的 PDF、JPEG 或 PNG 文件。")
	}
	return unsupported("只接受 PDF、JPEG 和 PNG 文件（按内容识别，与文件名无关）。请另存为其中一种后再上传。")
}

func isOffice(found *mimetype.MIME) bool {
	for m := found; m != nil; m = m.Parent() {
		name := m.String()
		if m.Is("application/x-ole-storage") || strings.Contains(name, "officedocument") || strings.Contains(name, "opendocument") ||
			m.Is("application/msword") || m.Is("text/rtf") {
			return true
		}
	}
	return false
}
