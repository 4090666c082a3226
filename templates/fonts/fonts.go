// Package fonts carries the typeface of official documents: Noto Serif SC
// Regular and Bold (SIL Open Font License 1.1, see OFL.txt), a Song-style face
// that is complete for 通用规范汉字表, including its characters outside the
// basic plane.
//
// It owns the bytes only. They are stored as blocked gzip (see pack.go), so a
// reader can fetch single glyphs without unpacking 15 MB per weight;
// internal/document/pdf does so. Any gunzip restores the original TTF.
package fonts

import _ "embed"

// Regular is NotoSerifSC_400Regular.ttf of @expo-google-fonts/noto-serif-sc
// 0.4.3, as blocked gzip.
//
//go:embed NotoSerifSC-Regular.ttf.gz
var Regular []byte

// Bold is NotoSerifSC_700Bold.ttf of the same package, as blocked gzip.
//
//go:embed NotoSerifSC-Bold.ttf.gz
var Bold []byte

// License is the text of the SIL Open Font License that the fonts come under;
// it has to accompany them.
//
//go:embed OFL.txt
var License string
