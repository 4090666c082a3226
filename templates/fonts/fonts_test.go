package fonts

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"
)

// The stored fonts must be the published ones, byte for byte: the licence
// asks that changed fonts change their name.
func TestFontsAreThePublishedOnes(t *testing.T) {
	for _, tc := range []struct {
		name   string
		packed []byte
		sha256 string
	}{
		{"regular", Regular, "c358a69de3df5f423a8946a7b03e3126fb6ba116f1130a463455b4e39e1f0742"},
		{"bold", Bold, "9c6a2ba736e4b499c84f65ce366bd3625c0401885fd3e585ace50fb738b96ff6"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := gzip.NewReader(bytes.NewReader(tc.packed))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.New()
			if _, err := io.Copy(sum, r); err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(sum.Sum(nil)); got != tc.sha256 {
				t.Errorf("sha256 = %s, want %s", got, tc.sha256)
			}
		})
	}
}

func TestLicenseAccompaniesTheFonts(t *testing.T) {
	if !strings.Contains(License, "SIL OPEN FONT LICENSE Version 1.1") {
		t.Error("OFL.txt does not hold the SIL Open Font License 1.1")
	}
}
