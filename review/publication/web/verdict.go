package web

import (
	"fmt"
	"strings"

	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/review/publication"
)

// VerdictPage is the answer to a verification: in one line, what it proves and what not, what to compare, what to do.
type VerdictPage struct {
	web.Page
	Tone        string // "": genuine and in force, "old": genuine but not in force, "bad"
	Heading     string
	Lead        string
	Facts       []web.Fact
	Proves      []string
	NotProves   []string
	Compare     []CompareRow // the file against the original
	Do          []string
	OfferFile   bool // a code alone says nothing about the file in hand
	Code        string
	Fingerprint string
	Signer      []web.Fact
	CheckedAt   string
	Path        string // of this verification; "" for a file
	Address     string
	Unknown     bool // no such document: 404
}

// CompareRow is a line of the comparison. Bad marks what does not agree.
type CompareRow struct {
	Label, Original, Yours string
	Finger, Bad            bool
}

// The tones of a verdict.
const (
	toneGood = ""
	toneOld  = "old"
	toneBad  = "bad"
)

// byCode is the verdict on a code: it says that a document was issued, and nothing about any file.
func byCode(v *publication.Verification, code string) VerdictPage {
	page := VerdictPage{
		Facts: issuedFacts(v, code), OfferFile: true, Code: code, Path: "/verify/" + code, Fingerprint: fingerprint(v.SHA256),
		Proves:    []string{v.Authority.Name + "签发过这份文书，内容如上。"},
		NotProves: []string{"不能证明您手中的文件或纸件没有被改过。请逐项核对，或者选择 PDF 再验一次。"},
		Do:        []string{"核对文号、机构名称和内容，与您手中的文书是否一致。", "不一致的，以这里为准，并告诉签发机关。"},
	}
	switch {
	case v.Ended():
		page.Tone, page.Heading = toneOld, "文书真实，但效力已经终止"
		page.Lead = v.Authority.Name + "签发过这份文书。" + ended(v)
		page.Do = afterEnd(v)
	case v.Standing == document.Superseded:
		page.Tone, page.Heading = toneOld, "文书真实，但已被新的文书替换"
		page.Lead = v.Authority.Name + "签发过这份文书，后来换发了新的。办理业务请用新的文书。"
		page.Do = []string{"请对方提供换发后的文书。", "在机构的公示页可以查到现行的结论。"}
	case v.Standing == document.Revoked:
		page.Tone, page.Heading = toneBad, "文书已被撤销，不再有效"
		page.Lead = v.Authority.Name + "签发过这份文书，后来撤销了。不要据此办理业务。"
		page.Do = []string{"不要据这份文书办理业务。", "有疑问的，联系签发机关，报文号。"}
	case v.SHA256 == "":
		page.Tone, page.Heading = toneOld, "决定已经作出，文书正在制作"
		page.Lead = "文号和查验码已经编定，文书的 PDF 稍后签发。请过几分钟再查。"
		page.OfferFile = false
	default:
		page.Heading = "文书真实，现行有效"
		page.Lead = "这份文书由" + v.Authority.Name + "签发，没有被撤销或替换。请再核对：您手中文书的文号、机构名称和内容，是否与下面一致。"
	}
	return page
}

func unknownCode(typed string) VerdictPage {
	page := VerdictPage{
		Tone: toneBad, Unknown: true, Heading: "查不到这个查验码", Lead: "没有签发过带这个查验码的文书。先核对有没有输错。",
		Facts:     []web.Fact{{Label: "您输入的", Value: shorten(typed), Code: true}},
		NotProves: []string{"查不到，不等于文书一定是伪造的：也可能是查验码输错，或者文书由其他系统签发。"},
		Do:        []string{"对照文书末页二维码旁的查验码，重新输入。", "仍然查不到的，不要据此办理业务，联系文书上写的签发机关核实。"},
	}
	if _, err := document.ParseCode(typed); err != nil {
		page.Lead = err.Error() + "。请对照文书重新输入。"
	}
	return page
}

// maxTyped is how much of what was typed is shown again.
const maxTyped = 40

func shorten(s string) string {
	if runes := []rune(s); len(runes) > maxTyped {
		return string(runes[:maxTyped]) + "…"
	}
	return s
}

// byFile is the verdict on an uploaded file. v is what is on record under its code, nil if nothing is.
func byFile(r *document.Result, v *publication.Verification, size int, code string) VerdictPage {
	page := VerdictPage{Code: code, Fingerprint: fingerprint(r.SHA256), Signer: signerFacts(r)}
	if v != nil {
		page.Facts = issuedFacts(v, code)
	}
	if r.Verdict == document.VerdictGenuine && v != nil {
		genuine(&page, r, v)
		return page
	}
	page.Tone, page.Heading, page.Lead = toneBad, badHeadings[r.Verdict], r.Verdict.Chinese()
	page.NotProves = []string{"不能证明文件里写的任何内容。"}
	page.Do = []string{"不要据这份文件办理业务。", "向签发机关或者这家机构索取签发的原件，重新查验。", "怀疑伪造的，告诉文书上写的签发机关。"}
	if r.Verdict == document.VerdictChanged || r.Verdict == document.VerdictAppended {
		page.NotProves = append(page.NotProves, "不一定是有人造假：用编辑软件另存、加批注、合并或压缩，都会改动文件。打印件不受影响，可扫二维码核对内容。")
	}
	if v != nil {
		page.Compare = []CompareRow{
			{Label: "数字签名", Original: "完好", Yours: signatureWords[r.Verdict], Bad: true},
			{Label: "指纹 SHA-256", Original: fingerprint(v.SHA256), Yours: page.Fingerprint, Finger: true, Bad: true},
		}
	}
	page.Signer = append(page.Signer, web.Fact{Label: "文件大小", Value: web.Count(size) + " 字节"})
	return page
}

func genuine(page *VerdictPage, r *document.Result, v *publication.Verification) {
	page.Proves = []string{"这份文件就是" + v.Authority.Name + "签发的原件，一个字节也没有改动。"}
	switch {
	case v.Ended():
		page.Tone, page.Heading = toneOld, "文件真实，但文书的效力已经终止"
		page.Lead = "文件没有被改动。" + ended(v)
		page.Do = afterEnd(v)
	case v.Standing == document.Superseded:
		page.Tone, page.Heading = toneOld, "文件真实，但已被新的文书替换"
		page.Lead = "文件没有被改动，后来换发了新的文书。办理业务请用新的文书。"
		page.Do = []string{"请对方提供换发后的文书。"}
	case v.Standing == document.Revoked:
		page.Tone, page.Heading = toneBad, "文件真实，但文书已被撤销"
		page.Lead = "文件没有被改动，但签发机关已经撤销这份文书。不要据此办理业务。"
		page.Do = []string{"不要据这份文书办理业务。", "有疑问的，联系签发机关，报文号。"}
	default:
		page.Heading = "文件真实，没有改动，现行有效"
		page.Lead = "这份文件由" + v.Authority.Name + "签发，签发后没有改动，没有被撤销或替换。"
		page.NotProves = []string{"不能证明提交文件的人就是这家机构。请另行核对身份。"}
		page.Do = []string{"可以据此办理业务。", "留存时请保存 PDF 文件本身，不要另存或转换。"}
	}
	page.Fingerprint = fingerprint(r.SHA256)
}

// ended says through what the document lost its effect.
func ended(v *publication.Verification) string {
	what, by := "本文书", v.SupersededBy.Kind.Title()
	switch v.Kind {
	case document.KindListingDecision:
		what = "本决定"
	case document.KindPriorNotice:
		what = "本告知"
	}
	switch v.SupersededBy.Kind {
	case document.KindRemovalDecision:
		by = "移出决定"
	case document.KindListingWithdrawal:
		by = "不予列入告知"
	}
	return what + "的效力已因" + by + "（" + v.SupersededBy.Number + "）终止。"
}

func afterEnd(v *publication.Verification) []string {
	return []string{"查看后来的" + v.SupersededBy.Kind.Title() + "，链接在签发内容里。", "机构现在是否在名录上，以公示页为准。"}
}

var badHeadings = map[document.Verdict]string{
	document.VerdictChanged:       "文件在签发后被改动，不要采信",
	document.VerdictAppended:      "文件在签发后被追加了内容，不要采信",
	document.VerdictUnknownSigner: "文件的签名不是本机关的，不要采信",
	document.VerdictNotSigned:     "文件没有数字签名，不能证明真伪",
	document.VerdictUnknown:       "签名有效，但查不到这份文书，不要采信",
	document.VerdictGenuine:       "签名有效，但查不到这份文书，不要采信",
}

var signatureWords = map[document.Verdict]string{
	document.VerdictChanged:       "不符，内容被改动",
	document.VerdictAppended:      "不符，签名后追加了内容",
	document.VerdictUnknownSigner: "不是本机关的签名",
	document.VerdictNotSigned:     "没有签名",
	document.VerdictUnknown:       "查不到",
	document.VerdictGenuine:       "查不到",
}

func issuedFacts(v *publication.Verification, code string) []web.Fact {
	facts := []web.Fact{
		{Label: "文书", Value: v.Kind.Title()},
		{Label: "文号", Value: v.Number},
		{Label: "机构", Value: v.Organisation.Name, Href: organisationHref(v.Organisation.USCC), Note: v.Organisation.USCC},
	}
	if v.ReportYear > 0 {
		facts = append(facts, web.Fact{Label: "事项", Value: fmt.Sprintf("%d 年度报告", v.ReportYear)})
	}
	tone := web.ToneOK
	if !v.Valid {
		tone = web.ToneError
	}
	facts = append(facts,
		web.Fact{Label: "签发", Value: v.IssuedOn.Chinese() + "，" + v.Authority.Name},
		web.Fact{Label: "现状", Tag: web.Tag{Text: v.Standing.ChineseFor(v.Kind), Tone: tone}})
	if next := v.SupersededBy; next != nil {
		facts = append(facts, web.Fact{Label: "后来的文书", Value: next.Number, Href: "/verify/" + next.VerifyCode, Note: next.Kind.Title()})
	}
	return append(facts, web.Fact{Label: "查验码", Value: code, Code: true})
}

func signerFacts(r *document.Result) []web.Fact {
	if r.Signer == nil {
		return nil
	}
	return []web.Fact{{Label: "签名证书", Value: r.Signer.Subject.CommonName, Note: "有效期至 " + moment(r.Signer.NotAfter)}}
}

// fingerprint writes a hash in groups of eight, as people compare it.
func fingerprint(sum string) string {
	var groups []string
	for len(sum) > fingerGroup {
		groups = append(groups, sum[:fingerGroup])
		sum = sum[fingerGroup:]
	}
	return strings.TrimSpace(strings.Join(append(groups, sum), " "))
}

const fingerGroup = 8
