package registry

import (
	"errors"
	"strings"
	"testing"
)

// realAssociation is the published code of a Guangzhou association.
const realAssociation = "51440100MJK8900615"

func TestParseUSCC(t *testing.T) {
	tests := []struct {
		code, area string
		want       Type
	}{
		{realAssociation, "440100", TypeAssociation},
		{"51440100MJK1A2B31L", "440100", TypeAssociation},
		{"52440104MJL9876586", "440104", TypeService},
		{"53440000500123453J", "440000", TypeFoundation},
		{"52440100MJK00009XH", "440100", TypeService}, // inner check character X
		{"52440100MJK0001960", "440100", TypeService}, // remainder 0
	}
	for _, tt := range tests {
		got, err := ParseUSCC(tt.code)
		if err != nil {
			t.Errorf("ParseUSCC(%s): %v", tt.code, err)
			continue
		}
		if string(got) != tt.code || got.Type() != tt.want || got.AreaCode() != tt.area {
			t.Errorf("ParseUSCC(%s) = %s, type %s, area %s", tt.code, got, got.Type(), got.AreaCode())
		}
	}
}

// recheck gives a code the right last character, so that only the part under
// test is wrong.
func recheck(code string) string {
	return code[:17] + string(usccCheck(code[:17]))
}

func TestParseUSCCNamesTheWrongPart(t *testing.T) {
	tests := []struct{ name, code, part, reason string }{
		{"empty", "", "统一社会信用代码", "实为 0 位"},
		{"too short", realAssociation[:17], "统一社会信用代码", "实为 17 位"},
		{"too long", realAssociation + "0", "统一社会信用代码", "实为 19 位"},
		{"made a number", "5.24401E+17", "统一社会信用代码", "设为文本"},
		{"lower case", strings.ToLower(realAssociation), "第9位", "大写"},
		{"letter O for 0", "5144O100MJK8900615", "第5位", "I、O、S、V、Z"},
		{"full width", "５1440100MJK8900615", "第1位", "不是代码字符"},
		{"Chinese in the middle", "51440100民JK8900615", "第9位", "不是代码字符"},
		{"a company", "92370102MA3M9AG94X", "登记管理部门代码（第1位）", "应为“5”"},
		{"category other", recheck("59440100MJK8900615"), "机构类别代码（第2位）", "其他"},
		{"category 4", recheck("54440100MJK8900615"), "机构类别代码（第2位）", "为“4”"},
		{"letter in the area", recheck("5144A100MJK8900615"), "登记管理机关行政区划码（第3至8位）", "第5位"},
		{"inner check, last made to fit", recheck("51440100MJK8900625"), "主体标识码（第9至17位）", "第17位"},
		{"last character", "51440100MJK8900616", "校验码（第18位）", "前 17 位"},
		{"area digit", "51440101MJK8900615", "校验码（第18位）", "前 17 位"},
	}
	for _, tt := range tests {
		_, err := ParseUSCC(tt.code)
		var usccErr *USCCError
		if !errors.As(err, &usccErr) {
			t.Errorf("%s: ParseUSCC(%s) = %v, want a *USCCError", tt.name, tt.code, err)
			continue
		}
		if usccErr.Part != tt.part || !strings.Contains(usccErr.Reason, tt.reason) {
			t.Errorf("%s: %q, want part %q and a reason with %q", tt.name, usccErr, tt.part, tt.reason)
		}
	}
}

// TestUSCCChecksNeverGiveAwayTheCharacter: naming the expected check character
// would lead people to type it over another slip.
func TestUSCCChecksNeverGiveAwayTheCharacter(t *testing.T) {
	_, err := ParseUSCC("51440100MJK8900616")
	if err == nil || strings.Contains(err.Error(), "“5”") {
		t.Errorf("the error is %v", err)
	}
}

func TestNoSingleSlipPasses(t *testing.T) {
	tried := 0
	for i := range realAssociation {
		for _, char := range usccAlphabet {
			changed := realAssociation[:i] + string(char) + realAssociation[i+1:]
			if changed == realAssociation {
				continue
			}
			tried++
			if _, err := ParseUSCC(changed); err == nil {
				t.Errorf("%s passes", changed)
			}
			if i < 17 && usccCheck(changed[:17]) == changed[17] {
				t.Errorf("the last character alone does not catch %s", changed)
			}
		}
	}
	if tried != 18*30 {
		t.Errorf("tried %d changes, want %d", tried, 18*30)
	}
}

func TestNoSwapOfNeighboursPasses(t *testing.T) {
	tried := 0
	for i := range len(realAssociation) - 1 {
		swapped := []byte(realAssociation)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		if string(swapped) == realAssociation {
			continue
		}
		tried++
		if _, err := ParseUSCC(string(swapped)); err == nil {
			t.Errorf("%s passes", swapped)
		}
	}
	if tried < 13 {
		t.Errorf("tried %d swaps only", tried)
	}
}

func TestNewUSCCIsValid(t *testing.T) {
	for _, typ := range Types() {
		for _, subject := range []string{"MJK89006", "00000000", "YYYYYYYY", "50012345"} {
			code := newUSCC(typ, "440100", subject)
			if _, err := ParseUSCC(string(code)); err != nil || code.Type() != typ {
				t.Errorf("newUSCC(%s, %s) = %s of type %s: %v", typ, subject, code, code.Type(), err)
			}
		}
	}
}

func TestPartsOfNoCode(t *testing.T) {
	if USCC("").Type() != "" || USCC("5").AreaCode() != "" {
		t.Error("a code that is none has parts")
	}
}

// FuzzParseUSCC: a code that is taken has the shape of one and knows its type;
// a code that is refused says why.
func FuzzParseUSCC(f *testing.F) {
	for _, seed := range []string{realAssociation, "92370102MA3M9AG94X", "", "５1440100MJK8900615", "52440100MJK00009XH", "\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, err := ParseUSCC(s)
		if err != nil {
			if err.Error() == "" {
				t.Fatalf("%q is refused without a reason", s)
			}
			return
		}
		if len(code) != 18 || code[0] != '5' || code.Type().Label() == string(code.Type()) {
			t.Fatalf("%q was taken", s)
		}
	})
}
