package document_test

import (
	"bytes"
	"crypto/x509"
	"math/rand/v2"
	"strings"
	"testing"

	"nianbao/internal/document"
)

func TestVerdicts(t *testing.T) {
	key, foreign := newKey(t), newKey(t)
	cert := certificate(t, "试验市民政局", key, nil, nil)
	signed := sign(t, newSigner(t, key, cert))
	other := sign(t, newSigner(t, foreign, certificate(t, "别处", foreign, nil, nil)))
	edit := func(old, new string) []byte {
		if strings.Count(string(signed), old) == 0 {
			t.Fatalf("the signed file has no %q", old)
		}
		return bytes.Replace(signed, []byte(old), []byte(new), 1)
	}
	for name, tc := range map[string]struct {
		pdf  []byte
		want document.Verdict
	}{
		"as issued":             {signed, document.VerdictGenuine},
		"line end appended":     {append(bytes.Clone(signed), '\n'), document.VerdictAppended},
		"second update":         {append(bytes.Clone(signed), signed[len(signed)-3000:]...), document.VerdictAppended},
		"twice itself":          {append(bytes.Clone(signed), signed...), document.VerdictAppended},
		"last byte missing":     {signed[:len(signed)-1], document.VerdictChanged},
		"byte put in front":     {append([]byte(" "), signed...), document.VerdictChanged},
		"other date":            {edit("D:20190402", "D:20190403"), document.VerdictChanged},
		"signature in capitals": {upperSignature(signed), document.VerdictChanged},
		"signature zeroed":      {zeroSignature(signed), document.VerdictChanged},
		"other signer":          {other, document.VerdictUnknownSigner},
		"drawn, not signed":     {drawnConclusion(t).PDF, document.VerdictNotSigned},
		"empty":                 {nil, document.VerdictNotSigned},
		"no PDF":                {[]byte("not a document"), document.VerdictNotSigned},
		"signed by a reader":    {[]byte("%PDF-1.7 /ByteRange [0 10 20 30] /Contents <3082> /Producer (Acrobat)"), document.VerdictUnknownSigner},
	} {
		t.Run(name, func(t *testing.T) {
			got := document.CheckSignature(tc.pdf, []*x509.Certificate{cert})
			if got.Verdict != tc.want {
				t.Errorf("verdict %s, want %s", got.Verdict, tc.want)
			}
		})
	}
	if got := document.CheckSignature(signed, nil); got.Verdict != document.VerdictUnknownSigner {
		t.Errorf("without trusted certificates: %s", got.Verdict)
	}
}

// span of the hexadecimal signature inside the file.
func signatureSpan(signed []byte) (start, end int) {
	start = bytes.Index(signed, []byte("/Contents <")) + len("/Contents <")
	return start, start + bytes.IndexByte(signed[start:], '>')
}

func upperSignature(signed []byte) []byte {
	out := bytes.Clone(signed)
	start, end := signatureSpan(out)
	copy(out[start:end], bytes.ToUpper(out[start:end]))
	return out
}

func zeroSignature(signed []byte) []byte {
	out := bytes.Clone(signed)
	start, end := signatureSpan(out)
	copy(out[start:end], bytes.Repeat([]byte{'0'}, end-start))
	return out
}

// Every single flipped bit is seen: everywhere in the update that holds the
// signature, and at many random places before it.
func TestEveryFlippedBitIsSeen(t *testing.T) {
	key := newKey(t)
	cert := certificate(t, "试验市民政局", key, nil, nil)
	signed := sign(t, newSigner(t, key, cert))
	random := rand.New(rand.NewPCG(1, 2))
	var places []int
	for i := len(drawnConclusion(t).PDF); i < len(signed); i += 3 {
		places = append(places, i)
	}
	for range 300 {
		places = append(places, random.IntN(len(signed)))
	}
	for _, at := range places {
		bit := byte(1) << random.IntN(8)
		signed[at] ^= bit
		if got := document.CheckSignature(signed, []*x509.Certificate{cert}); got.Verdict != document.VerdictChanged {
			t.Errorf("bit %08b of byte %d flipped: %s", bit, at, got.Verdict)
		}
		signed[at] ^= bit
	}
}

// A signature cannot be carried over to another gap: content put between the
// signed parts is either seen or not covered.
func TestSignatureCannotBeMoved(t *testing.T) {
	key := newKey(t)
	cert := certificate(t, "试验市民政局", key, nil, nil)
	signed := sign(t, newSigner(t, key, cert))
	_, end := signatureSpan(signed)
	longer := append(bytes.Clone(signed[:end]), bytes.Repeat([]byte{'0'}, 512)...)
	longer = append(longer, signed[end:]...)
	if got := document.CheckSignature(longer, []*x509.Certificate{cert}); got.Verdict == document.VerdictGenuine {
		t.Error("a longer gap counts as genuine")
	}
	hidden := bytes.Clone(signed)
	copy(hidden[end-64:], "feedbeef")
	if got := document.CheckSignature(hidden, []*x509.Certificate{cert}); got.Verdict != document.VerdictChanged {
		t.Errorf("data hidden behind the signature: %s", got.Verdict)
	}
}

func FuzzVerify(f *testing.F) {
	key := newKey(f)
	cert := certificate(f, "试验市民政局", key, nil, nil)
	signed := sign(f, newSigner(f, key, cert))
	tail := signed[len(drawnConclusion(f).PDF):]
	f.Add(signed, 0, byte(0))
	f.Add(tail, 40, byte(1))
	f.Add([]byte("%PDF-1.4 /ByteRange [0 1 999999999 999999999]                \n/Contents <00>"), 3, byte(0x80))
	f.Add([]byte("/ByteRange"), 0, byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at int, flip byte) {
		if len(data) > 0 && at >= 0 {
			data = bytes.Clone(data)
			data[at%len(data)] ^= flip
		}
		got := document.CheckSignature(data, []*x509.Certificate{cert})
		if got.Verdict == document.VerdictGenuine && !bytes.Equal(data, signed) {
			t.Error("something that was never issued counts as genuine")
		}
	})
}
