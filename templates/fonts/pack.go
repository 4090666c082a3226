//go:build ignore

// Pack writes a font as blocked gzip: a series of gzip members of 16 KiB of
// plain data each, every member with its own length in a "BC" extra field
// (the layout that genomics tools call BGZF). Any gunzip restores the font
// byte for byte, and single glyphs can be read without unpacking the rest.
//
//	go run pack.go FONT.ttf FONT.ttf.gz
package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"log"
	"os"
)

// blockSize is the plain length of every block but the last. The reader in
// internal/document/pdf divides by the length of the first block.
const blockSize = 16 << 10

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: go run pack.go FONT.ttf FONT.ttf.gz")
	}
	plain, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var packed bytes.Buffer
	for start := 0; start < len(plain); start += blockSize {
		if err := writeMember(&packed, plain[start:min(start+blockSize, len(plain))]); err != nil {
			log.Fatal(err)
		}
	}
	if err := os.WriteFile(os.Args[2], packed.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// writeMember appends one gzip member (RFC 1952) whose extra field "BC" holds
// the length of the whole member minus one.
func writeMember(out *bytes.Buffer, plain []byte) error {
	var body bytes.Buffer
	w, err := flate.NewWriter(&body, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(plain); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	const header, trailer = 18, 8
	length := header + body.Len() + trailer
	out.Write([]byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2, 0})
	binary.Write(out, binary.LittleEndian, uint16(length-1))
	out.Write(body.Bytes())
	binary.Write(out, binary.LittleEndian, crc32.ChecksumIEEE(plain))
	return binary.Write(out, binary.LittleEndian, uint32(len(plain)))
}
