package document

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"regexp"
	"strconv"
)

// Verdict is what a file is found to be.
type Verdict string

// The verdicts. Only Genuine means: these are the bytes that were issued.
const (
	VerdictGenuine       Verdict = "genuine"        // signed by a trusted certificate, every byte as it was
	VerdictChanged       Verdict = "changed"        // it was signed here, but is not what was signed
	VerdictAppended      Verdict = "appended_to"    // the signed bytes are whole, others follow them
	VerdictUnknownSigner Verdict = "unknown_signer" // signed, but by nobody who is trusted here
	VerdictNotSigned     Verdict = "not_signed"     // no signature at all
	VerdictUnknown       Verdict = "unknown"        // signed with a trusted key, but the register knows no such document
)

// Chinese says what the verdict means, in one sentence for pages and the
// verify command.
func (v Verdict) Chinese() string {
	switch v {
	case VerdictGenuine:
		return "文书真实，签发后未被改动。"
	case VerdictChanged:
		return "文件已被改动，与签发时不一致。"
	case VerdictAppended:
		return "签发的内容没有改动，但文件末尾被追加了其他内容，不能作为原件使用。"
	case VerdictUnknownSigner:
		return "文件带有签名，但签名人不是本系统认可的登记管理机关。"
	case VerdictNotSigned:
		return "文件没有电子签名，不是本系统签发的文书。"
	default:
		return "文件的签名有效，但本系统没有签发过这份文书。"
	}
}

// Check is the result of looking at a file's signature alone.
type Check struct {
	Verdict Verdict
	SHA256  string            // of the whole file, lower-case hex
	Signer  *x509.Certificate // whose signature it is, where that is known
}

// producerMark is what a drawn document carries in clear; it tells a damaged
// document of ours from one that others have signed.
var producerMark = []byte("/Producer (nianbao)")

// signatureMarks are traces of a signature that a damaged file still shows.
var signatureMarks = [][]byte{[]byte("/ByteRange"), []byte("/ETSI.CAdES.detached"), []byte("/Adobe.PPKLite")}

// CheckSignature looks at a file without the database. It reads only what the
// signer writes: any other form, be it valid PDF or not, is no genuine
// document. A genuine file is covered by its signature from the first byte to
// the last, the signature itself included, so there is nothing in it that
// could be changed unseen. It accepts any input.
func CheckSignature(pdf []byte, trusted []*x509.Certificate) Check {
	sum := sha256.Sum256(pdf)
	best := Check{Verdict: VerdictNotSigned, SHA256: hex.EncodeToString(sum[:])}
	for _, mark := range signatureMarks {
		if bytes.Contains(pdf, mark) {
			best.Verdict = VerdictUnknownSigner
		}
	}
	if best.Verdict != VerdictNotSigned && bytes.Contains(pdf, producerMark) {
		best.Verdict = VerdictChanged
	}
	damaged := best.Verdict
	for i, r := range findRanges(pdf) {
		verdict, signer := judge(pdf, r, trusted, damaged)
		if i == 0 || rank[verdict] > rank[best.Verdict] {
			best.Verdict, best.Signer = verdict, signer
		}
	}
	return best
}

// rank orders verdicts where a file holds several signatures.
var rank = map[Verdict]int{VerdictUnknownSigner: 1, VerdictChanged: 2, VerdictAppended: 3, VerdictGenuine: 4}

// judge looks at one signature. damaged is the verdict on one that cannot be read.
func judge(pdf []byte, r byteRange, trusted []*x509.Certificate, damaged Verdict) (Verdict, *x509.Certificate) {
	value, ok := lowerHex(pdf[r.start+1 : r.end-1])
	if !ok {
		return damaged, nil
	}
	sig, err := decodeSignature(value)
	if err != nil {
		return damaged, nil
	}
	signer := sig.chain[0]
	ours := false
	for _, c := range trusted {
		ours = ours || c.Equal(signer)
	}
	digest := r.digest(pdf)
	switch {
	case !sig.valid() && !ours:
		return damaged, nil
	case !ours:
		return VerdictUnknownSigner, signer
	case !sig.valid() || !bytes.Equal(sig.digest, digest[:]):
		return VerdictChanged, signer
	case r.length < len(pdf):
		return VerdictAppended, signer
	}
	return VerdictGenuine, signer
}

// maxSignatures bounds the work on a file that claims to hold very many.
const maxSignatures = 8

var (
	rangeMark    = []byte("/ByteRange")
	rangePattern = regexp.MustCompile(`^/ByteRange \[0 (\d{1,9}) (\d{1,9}) (\d{1,9})\] *\n/Contents $`)
)

// findRanges lists the signatures of the form written here, the last first.
// The gap must follow its own range at once, so a range text elsewhere in the
// file cannot point to another gap.
func findRanges(pdf []byte) []byteRange {
	const headLength = len("/ByteRange ") + rangeWidth + len("\n/Contents ")
	var out []byteRange
	rest := pdf
	for len(out) < maxSignatures {
		at := bytes.LastIndex(rest, rangeMark)
		if at < 0 {
			break
		}
		rest = pdf[:at]
		if at+headLength > len(pdf) {
			continue
		}
		m := rangePattern.FindSubmatch(pdf[at : at+headLength])
		if m == nil {
			continue
		}
		start, _ := strconv.Atoi(string(m[1])) // at most nine digits
		end, _ := strconv.Atoi(string(m[2]))
		tail, _ := strconv.Atoi(string(m[3]))
		r := byteRange{start: start, end: end, length: end + tail}
		if start == at+headLength && end >= start+2 && r.length <= len(pdf) &&
			string(pdf[at:at+headLength]) == "/ByteRange "+r.String()+"\n/Contents " && pdf[start] == '<' && pdf[end-1] == '>' {
			out = append(out, r)
		}
	}
	return out
}

// lowerHex decodes hexadecimal with lower-case letters only: there is one way
// to write a signature, so that no bit of it can be changed unseen.
func lowerHex(text []byte) ([]byte, bool) {
	if bytes.ContainsAny(text, "ABCDEF") {
		return nil, false
	}
	out := make([]byte, hex.DecodedLen(len(text)))
	_, err := hex.Decode(out, text)
	return out, err == nil
}
