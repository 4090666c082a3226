package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

// TestServeRefusesSettingsBeforeTouchingData: after a slip of the pen the folder is as it was, and no demonstration.
func TestServeRefusesSettingsBeforeTouchingData(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"clock without demonstration", []string{"--clock", "2019-01-14T09:00:00+08:00"}, exitUsage, "only a demonstration"},
		{"no time", []string{"--demo", "--clock", "tomorrow"}, exitUsage, "tomorrow"},
		{"no address range", []string{"--trusted-proxies", "home"}, exitUsage, "10.0.0.0/8"},
		{"no public URL", []string{"--demo", "--public-url", "nianbao"}, exitFailed, "--public-url"},
		{"no sender", []string{"--demo", "--mail-from", "nobody"}, exitFailed, "--mail-from"},
		{"no mail server", []string{"--smtp", "http://mail.example"}, exitFailed, "--smtp"},
		{"no SMS gateway", []string{"--sms", "sms.example"}, exitFailed, "--sms"},
		{"SMS gateway without TLS", []string{"--sms", "http://sms.example/"}, exitFailed, "https"},
		{"text messages of a demonstration to elsewhere", []string{"--demo", "--sms", "https://sms.example/"}, exitFailed, "loopback"},
		{"mail of a demonstration to elsewhere", []string{"--demo", "--smtp", "smtp://mail.example:25"}, exitFailed, "loopback"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			got := nianbao(t, "", append([]string{"serve", "--data", dir, "--addr", "127.0.0.1:0"}, tt.args...)...)
			wants(t, got, tt.code, tt.says)
			if strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("a failure is one line on stderr, got %q", got.stderr)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("the data folder was touched: %v", err)
			}
		})
	}
}

// TestHalfFilledDemonstrationIsRefused: what a filling that was cut off left behind is not served as if it were whole.
func TestHalfFilledDemonstrationIsRefused(t *testing.T) {
	url := pgtest.URL(t, pgtest.New(t))
	db, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, stmt := range []string{
		`UPDATE instance SET demo = true`,
		`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at) VALUES ('990100', '试验市民政局', 'city', '试民社', now(), now())`,
	} {
		if _, err := db.ExecContext(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got := nianbao(t, "", "serve", "--demo", "--database-url", url, "--data", t.TempDir(), "--addr", "127.0.0.1:0")
	wants(t, got, exitFailed, "cut off", "start again")
}

func TestDoctorOnAFreshFolderAndAnUnreachableDatabase(t *testing.T) {
	// The clock of these tests stands in 2019, which the doctor rightly calls wrong.
	wants(t, nianbao(t, "", "doctor", "--data", filepath.Join(t.TempDir(), "data")), exitFailed, "database     ok", "1 of 8 parts")
	got := nianbao(t, "", "doctor", "--data", t.TempDir(), "--database-url", "postgres://nobody@127.0.0.1:1/none")
	wants(t, got, exitFailed, "WRONG", "--database-url")
}

func TestVerifyOfAMissingFileFails(t *testing.T) {
	got := nianbao(t, "", "verify", filepath.Join(t.TempDir(), "none.pdf"))
	wants(t, got, exitFailed, "none.pdf")
}
