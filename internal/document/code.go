package document

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// codeAlphabet has the 32 signs of a verification code: digits and capitals
// without I, L, O, U, which are misread (Crockford's base 32).
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength signs of 5 bits each: 60 bits, not to be guessed over the network.
const codeLength = 12

// newCode makes a verification code such as 7KQM-2F9D-XW3H.
func newCode() string {
	raw := make([]byte, codeLength)
	rand.Read(raw) // never fails (crypto/rand)
	for i, b := range raw {
		raw[i] = codeAlphabet[b%byte(len(codeAlphabet))]
	}
	return grouped(string(raw))
}

func grouped(code string) string { return code[:4] + "-" + code[4:8] + "-" + code[8:] }

// ParseCode reads a verification code as people type it: small letters, O for
// 0, I or L for 1, spaces and hyphens anywhere. The error is Chinese.
func ParseCode(typed string) (string, error) {
	var code strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '　', '—', '－':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(codeAlphabet, r) {
			return "", fmt.Errorf("查验码中不会有“%c”", r)
		}
		if code.Len() == codeLength {
			return "", fmt.Errorf("查验码多于%d位", codeLength)
		}
		code.WriteRune(r)
	}
	if code.Len() != codeLength {
		return "", fmt.Errorf("查验码应为%d位，现有%d位", codeLength, code.Len())
	}
	return grouped(code.String()), nil
}
