package attachment

import (
	"encoding/binary"
	"hash/crc32"
)

// repairIHDR gives the head chunk its checksum anew; Go's reader checks it.
func repairIHDR(data []byte) []byte {
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}
