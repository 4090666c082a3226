package pdf

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

var errBlocks = errors.New("not blocked gzip")

// Layout of a gzip member with a "BC" extra field (RFC 1952 and the BGZF
// convention): a header of 18 bytes whose last two hold the member's length
// minus one, the deflate stream, CRC-32 and plain length.
const (
	memberHeader  = 18
	memberTrailer = 8
)

// inflater is what flate.NewReader gives.
type inflater interface {
	io.Reader
	flate.Resetter
}

// blocks reads at random from blocked gzip. It keeps only where the members
// begin; the packed bytes stay where they are, in the program's read-only
// data. Safe for concurrent use.
type blocks struct {
	packed    []byte
	starts    []uint32 // start of each member, plus the end
	blockSize int      // plain length of every member but the last
	size      int      // plain length of the whole
	inflaters sync.Pool
}

func openBlocks(packed []byte) (*blocks, error) {
	b := &blocks{packed: packed}
	at := 0
	for at < len(packed) {
		if len(packed)-at < memberHeader+memberTrailer ||
			!bytes.Equal(packed[at:at+4], []byte{0x1f, 0x8b, 8, 4}) || string(packed[at+12:at+14]) != "BC" {
			return nil, fmt.Errorf("%w at byte %d", errBlocks, at)
		}
		length := int(binary.LittleEndian.Uint16(packed[at+16:])) + 1
		if length < memberHeader+memberTrailer || at+length > len(packed) {
			return nil, fmt.Errorf("%w: member at byte %d has length %d", errBlocks, at, length)
		}
		plain := int(binary.LittleEndian.Uint32(packed[at+length-4:]))
		if len(b.starts) == 0 {
			b.blockSize = plain
		}
		b.starts = append(b.starts, uint32(at))
		at += length
		if plain != b.blockSize && at != len(packed) || plain == 0 || plain > b.blockSize {
			return nil, fmt.Errorf("%w: uneven blocks", errBlocks)
		}
		b.size += plain
	}
	if len(b.starts) == 0 {
		return nil, fmt.Errorf("%w: empty", errBlocks)
	}
	b.starts = append(b.starts, uint32(at))
	return b, nil
}

// read returns a copy of length plain bytes from offset.
func (b *blocks) read(offset, length int) ([]byte, error) {
	if offset < 0 || length < 0 || offset > b.size-length {
		return nil, fmt.Errorf("read %d bytes at %d of %d: %w", length, offset, b.size, io.ErrUnexpectedEOF)
	}
	out := make([]byte, 0, length)
	for length > len(out) {
		at := offset + len(out)
		n := at / b.blockSize
		plain, err := b.inflate(n, min(b.blockSize, offset+length-n*b.blockSize))
		if err != nil {
			return nil, err
		}
		out = append(out, plain[at-n*b.blockSize:]...)
	}
	return out, nil
}

// inflate returns the first length plain bytes of block n.
func (b *blocks) inflate(n, length int) ([]byte, error) {
	member := bytes.NewReader(b.packed[b.starts[n]+memberHeader : b.starts[n+1]-memberTrailer])
	r, used := b.inflaters.Get().(inflater)
	if !used {
		r, _ = flate.NewReader(member).(inflater) // compress/flate says that every one is
	} else if err := r.Reset(member, nil); err != nil {
		return nil, fmt.Errorf("inflate block %d: %w", n, err)
	}
	defer b.inflaters.Put(r)
	plain := make([]byte, length)
	if _, err := io.ReadFull(r, plain); err != nil {
		return nil, fmt.Errorf("inflate block %d: %w", n, err)
	}
	return plain, nil
}
