package originals

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
)

func keys(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func decrypted(t *testing.T, path string, id age.Identity) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := age.Decrypt(f, id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeep(t *testing.T) {
	id, dir := keys(t), filepath.Join(t.TempDir(), "originals")
	s, err := Open(dir, id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 3<<20+17)
	_, _ = rand.Read(body)
	file := filepath.Join(t.TempDir(), "extract")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	sha, err := s.Keep(t.Context(), file, "")
	if err != nil || !s.Has(sha) {
		t.Fatal(sha, err)
	}
	if !bytes.Equal(decrypted(t, s.Path(sha), id), body) {
		t.Error("what was kept is not what was there")
	}
	info, err := os.Stat(s.Path(sha))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	kept, _ := os.ReadFile(s.Path(sha))
	if bytes.Contains(kept, body[:64]) {
		t.Error("the original can be read")
	}
	// Again: the file is left as it is.
	for _, want := range []string{"", sha} {
		if again, err := s.Keep(t.Context(), file, want); err != nil || again != sha {
			t.Error(again, err)
		}
	}
	if now, _ := os.ReadFile(s.Path(sha)); !bytes.Equal(now, kept) {
		t.Error("it was written again")
	}
	// A file that changed since it was loaded is not taken for it.
	if err := os.WriteFile(file, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := "00" + sha[2:]
	if _, err := s.Keep(t.Context(), file, other); !errors.Is(err, ErrChanged) || s.Has(other) {
		t.Error(err)
	}
	// One that is interrupted leaves nothing, and neither does a killed one.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Keep(ctx, file, ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "killed.part"), body, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, ""); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Error(left)
	}
}

func TestRecipient(t *testing.T) {
	id := keys(t)
	for _, key := range []string{"", "age1nonsense", id.String(), id.Recipient().String() + "\n" + keys(t).Recipient().String()} {
		if _, err := Recipient(key); err == nil {
			t.Errorf("%q was taken", key)
		}
	}
	if s, err := Open(t.TempDir(), ""); err != nil || s.Keeps() {
		t.Error(err)
	}
}
