package account_test

import (
	"errors"
	"strings"
	"testing"

	"nianbao/internal/account"
)

func TestCheckPassword(t *testing.T) {
	const email = "xiangyang@example.example"
	for _, tc := range []struct {
		password string
		reason   string // what the refusal says, "" if none
	}{
		{"春江潮水连海平，海上明月", ""},
		{"correct horse 电池 staple", ""},
		{"tr0ub4dor&3x", ""},
		{strings.Repeat("ab3!", 32), ""},
		{"123456789", "至少要有 10 个字符，现在是 9 个"},
		{"春江潮水连海平，海", "现在是 9 个"},
		{"", "现在是 0 个"},
		{strings.Repeat("ab3!", 33), "不能超过 128 个字符"},
		{"xiangyang1", "邮箱名"},
		{"XiangYang2026!", "邮箱名"},
		{email, "邮箱名"},
		{"1234567890", "连续或重复"},
		{"abcdefghijkl", "连续或重复"},
		{"zyxwvutsrqp", "连续或重复"},
		{"aaaaaaaaaaaa", "连续或重复"},
		{"1212121212", "连续或重复"},
		{"password123", "常见密码"},
		{"Woaini1314", "常见密码"},
		{"QWERTYUIOP", "常见密码"},
		{"Password2026!", "常见密码"},
		{"2026年报填报", "至少要有 10 个字符"},
		{"shanghai20260312", "常见密码"},
		{"!!iloveyou!!", "常见密码"},
		{"dragondragon", "常见密码"},
		{"Nianbao@2026", "常见密码"},
		{"83927461509", ""},
		{"dragon tiger lamp", ""},
	} {
		err := account.CheckPassword(tc.password, email)
		var broken *account.PasswordError
		if tc.reason == "" {
			if err != nil {
				t.Errorf("%q is refused: %v", tc.password, err)
			}
			continue
		}
		if !errors.As(err, &broken) || !strings.Contains(broken.Reason, tc.reason) {
			t.Errorf("%q: error %v, want one that says %q", tc.password, err, tc.reason)
		}
	}
}

// TestCheckPasswordAgainstAddresses: many addresses end in a year or are a telephone number; they are no better as a
// password than a name is.
func TestCheckPasswordAgainstAddresses(t *testing.T) {
	for _, tc := range []struct {
		email, password string
		refused         bool
	}{
		{"liming1985@example.example", "liming1985", true},
		{"liming1985@example.example", "LiMing1985", true},
		{"liming1985@example.example", "liming198511", true},
		{"liming1985@example.example", "1985liming!", true},
		{"13926481057@example.example", "13926481057", true},
		{"13926481057@example.example", "13926481057@example.example", true},
		{"li.ming@example.example", "2019.li.ming", true},
		{"liming1985@example.example", "liming 1985 海珠", false},
		{"liming1985@example.example", "liminghaizhu", false},
		{"13926481057@example.example", "13926481058", false}, // digits alone, but not the address
		{"13926481057@example.example", "4821-9305-77", false},
		{"", "4821-9305-77", false},
		{"no address", "春江潮水连海平，海上明月", false},
	} {
		err := account.CheckPassword(tc.password, tc.email)
		var broken *account.PasswordError
		switch {
		case !tc.refused && err != nil:
			t.Errorf("%q for %s is refused: %v", tc.password, tc.email, err)
		case tc.refused && (!errors.As(err, &broken) || !strings.Contains(broken.Reason, "邮箱名")):
			t.Errorf("%q for %s: error %v, want one that names the address", tc.password, tc.email, err)
		}
	}
}

// TestPasswordForms: the same password typed on another keyboard may arrive in
// another Unicode form.
func TestPasswordForms(t *testing.T) {
	hash, err := account.HashPassword(t.Context(), "caf\u00e9 au lait, 10")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"cafe\u0301 au lait, 10": true, "cafe au lait, 10": false, "": false} {
		if got, err := account.PasswordMatches(t.Context(), password, hash); err != nil || got != want {
			t.Errorf("%q matches: %v, %v; want %v", password, got, err, want)
		}
	}
	if got, err := account.PasswordMatches(t.Context(), "an account that does not exist", ""); err != nil || got {
		t.Errorf("no account: matches %v, %v; want never", got, err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q is not argon2id with m=19 MiB, t=2, p=1", hash)
	}
}
