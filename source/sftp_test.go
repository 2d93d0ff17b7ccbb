package source

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"laborwatch/config"
	"laborwatch/source/servertest"
)

// The server dies in the middle of a transfer and comes back: the transfer goes
// on where it was.
func TestSFTPServerDiesMidway(t *testing.T) {
	h := newHouse(t)
	sshd := servertest.StartSSHD(t)
	dir := t.TempDir()
	body := lines(24<<20, "ssh")
	servertest.Write(t, filepath.Join(dir, "区", "社保缴费_202610.csv"), body)
	servertest.Write(t, filepath.Join(dir, ".hidden", "x.csv"), "1")
	s := h.source(sshd.Place(dir))
	deaths, again, resumed := 0, false, int64(-1)
	h.onBytes = func(_ string, done int64) {
		if again && resumed < 0 {
			resumed = done
		}
		if done > 9<<20 && deaths == 0 {
			deaths++
			sshd.Kill()
		}
	}
	h.wait = func() {
		if deaths == 1 && !sshd.Running() {
			sshd.Start()
			again = true
		}
	}
	h.pull(s)
	h.want(map[string][]string{"区/社保缴费_202610.csv": {body}})
	if deaths != 1 || resumed < 9<<20 {
		t.Errorf("%d deaths, went on at %d", deaths, resumed)
	}
	h.pull(s)
	h.want(map[string][]string{"区/社保缴费_202610.csv": {body}})
	h.empty("place")
}

// A line that breaks again and again.
func TestSFTPBrokenLine(t *testing.T) {
	h := newHouse(t)
	sshd := servertest.StartSSHD(t)
	dir := t.TempDir()
	body := lines(4<<20, "ssh")
	servertest.Write(t, filepath.Join(dir, "x.csv"), body)
	line := newCutter(t, sshd.Address(), 1<<20)
	place := sshd.Place(dir)
	place.Whole = "none"
	place.SFTP.Address = line.address()
	servertest.Write(t, sshd.Known, knownhosts.Line([]string{line.address()}, sshd.HostKey)+"\n")
	h.pull(h.source(place))
	h.want(map[string][]string{"x.csv": {body}})
	if n := line.connections(); n < 4 {
		t.Errorf("only %d connections", n)
	}
}

// A file that changes while it is read is not taken until it is whole again.
func TestSFTPChangesWhileRead(t *testing.T) {
	h := newHouse(t)
	sshd := servertest.StartSSHD(t)
	dir := t.TempDir()
	body := lines(8<<20, "ssh")
	servertest.Write(t, filepath.Join(dir, "x.csv"), body)
	s := h.source(sshd.Place(dir))
	h.onBytes = func(string, int64) {
		h.onBytes = nil
		servertest.Write(t, filepath.Join(dir, "x.csv"), body+"more\n")
	}
	h.pull(s)
	h.want(map[string][]string{})
	h.pull(s)
	h.want(map[string][]string{"x.csv": {body + "more\n"}})
}

func TestSFTPRefusals(t *testing.T) {
	sshd := servertest.StartSSHD(t)
	dir := t.TempDir()
	servertest.Write(t, filepath.Join(dir, "x.csv"), "1")
	other := servertest.KeyFile(t, filepath.Join(t.TempDir(), "other"))
	stranger := filepath.Join(t.TempDir(), "stranger")
	servertest.KeyFile(t, stranger)
	hosts := func(text string) string {
		file := filepath.Join(t.TempDir(), "known_hosts")
		servertest.Write(t, file, text)
		return file
	}
	password := filepath.Join(t.TempDir(), "password")
	servertest.Write(t, password, "wrong-Password-1\n")
	open := filepath.Join(t.TempDir(), "open")
	servertest.Write(t, open, "wrong-Password-1\n")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*config.SFTPSource)
		want   string
	}{
		{"another host key", func(x *config.SFTPSource) {
			x.KnownHosts = hosts(knownhosts.Line([]string{sshd.Address()}, other) + "\n")
		}, "pose as the server"},
		{"unknown host", func(x *config.SFTPSource) { x.KnownHosts = hosts("") }, "ssh-keyscan"},
		{"a key that may not", func(x *config.SFTPSource) { x.KeyFile = stranger }, "refused the login"},
		{"wrong password", func(x *config.SFTPSource) { x.KeyFile, x.PasswordFile = "", password }, "refused the login"},
		{"a password that others may read", func(x *config.SFTPSource) { x.KeyFile, x.PasswordFile = "", open }, "chmod 600"},
		{"no such folder", func(x *config.SFTPSource) { x.Path = "/no/such/folder" }, "not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			place := sshd.Place(dir)
			c.change(place.SFTP)
			waits := 0
			h.wait = func() { waits++ }
			_, err := h.source(place).Pull(t.Context(), h.load)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "wrong-Password-1") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if waits > 0 {
				t.Errorf("it was tried again %d times", waits)
			}
			h.want(map[string][]string{})
		})
	}
}

// A key that is kept encrypted is opened by a passphrase from a file or the
// environment, and never told.
func TestSFTPPassphrase(t *testing.T) {
	sshd := servertest.StartSSHD(t)
	dir := t.TempDir()
	servertest.Write(t, filepath.Join(dir, "x.csv"), "1")
	const phrase = "开门 Passphrase-7"
	locked := filepath.Join(t.TempDir(), "locked_key")
	b, err := os.ReadFile(sshd.Key)
	if err != nil {
		t.Fatal(err)
	}
	servertest.Write(t, locked, string(b))
	// OpenSSH's own program encrypts it, as an operator would.
	if out, err := exec.CommandContext(t.Context(), servertest.Tool(t, "ssh-keygen"), "-p", "-q", "-P", "", "-N", phrase, "-f", locked).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file := filepath.Join(t.TempDir(), "passphrase")
	servertest.Write(t, file, phrase+"\n")
	t.Setenv("LW_TEST_PASSPHRASE", phrase)
	t.Setenv("LW_TEST_OTHER", "wrong-Passphrase-8")
	for _, c := range []struct {
		name      string
		file, env string
		want      string
	}{
		{"from a file", file, "", ""},
		{"from the environment", "", "LW_TEST_PASSPHRASE", ""},
		{"wrong", "", "LW_TEST_OTHER", "does not open the key"},
		{"unset", "", "LW_TEST_UNSET", "holds no passphrase"},
		{"none", "", "", "has a passphrase"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			place := sshd.Place(dir)
			place.Whole = "none"
			place.SFTP.KeyFile, place.SFTP.PassphraseFile, place.SFTP.PassphraseEnv = locked, c.file, c.env
			_, err := h.source(place).Pull(t.Context(), h.load)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				h.want(map[string][]string{"x.csv": {"1"}})
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "assphrase-") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Passwords: sshd has those of the machine's users alone, so the server here is
// made of the same libraries as the client.
func TestSFTPPassword(t *testing.T) {
	h := newHouse(t)
	dir := t.TempDir()
	servertest.Write(t, filepath.Join(dir, "x.csv"), "1")
	hostFile := filepath.Join(t.TempDir(), "host")
	public := servertest.KeyFile(t, hostFile)
	address := servePassword(t, hostFile, "right-Password")
	known := filepath.Join(t.TempDir(), "known_hosts")
	servertest.Write(t, known, knownhosts.Line([]string{address}, public)+"\n")
	t.Setenv("LW_TEST_PASSWORD", "right-Password")
	place := config.Source{Kind: "sftp", Whole: "none", SFTP: &config.SFTPSource{Address: address, User: "city", Path: dir, KnownHosts: known, PasswordEnv: "LW_TEST_PASSWORD"}}
	h.pull(h.source(place))
	h.want(map[string][]string{"x.csv": {"1"}})
}

func servePassword(t *testing.T, hostFile, password string) string {
	t.Helper()
	b, err := os.ReadFile(hostFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(b)
	if err != nil {
		t.Fatal(err)
	}
	conf := &ssh.ServerConfig{PasswordCallback: func(_ ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
		if string(p) != password {
			return nil, errors.New("no")
		}
		return &ssh.Permissions{}, nil
	}}
	conf.AddHostKey(key)
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveSession(c, conf)
		}
	}()
	return l.Addr().String()
}

func serveSession(c net.Conn, conf *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(c, conf)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for n := range channels {
		channel, asked, err := n.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		if srv, err := sftp.NewServer(channel); err == nil {
			_ = srv.Serve()
		}
		_ = channel.Close()
	}
}
