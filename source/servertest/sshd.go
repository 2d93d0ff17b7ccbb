package servertest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"laborwatch/config"
)

// SSHD is OpenSSH's sshd on loopback with keys of its own.
type SSHD struct {
	t       *testing.T
	dir     string
	port    string
	cmd     *exec.Cmd
	log     *Output
	Known   string // known_hosts
	Key     string // a key that may log in
	HostKey ssh.PublicKey
}

// KeyFile writes a fresh private key.
func KeyFile(t *testing.T, file string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	Write(t, file, string(pem.EncodeToMemory(block)))
	out, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// StartSSHD starts sshd; it ends with the test.
func StartSSHD(t *testing.T) *SSHD {
	t.Helper()
	s := &SSHD{t: t, dir: t.TempDir(), port: FreePort(t), log: &Output{}}
	s.HostKey = KeyFile(t, filepath.Join(s.dir, "host_key"))
	s.Key = filepath.Join(s.dir, "user_key")
	user := KeyFile(t, s.Key)
	Write(t, filepath.Join(s.dir, "authorized_keys"), string(ssh.MarshalAuthorizedKey(user)))
	s.Known = filepath.Join(s.dir, "known_hosts")
	Write(t, s.Known, knownhosts.Line([]string{s.Address()}, s.HostKey)+"\n")
	Write(t, filepath.Join(s.dir, "sshd_config"), strings.Join([]string{
		"Port " + s.port, "ListenAddress 127.0.0.1", "HostKey " + filepath.Join(s.dir, "host_key"),
		"AuthorizedKeysFile " + filepath.Join(s.dir, "authorized_keys"), "PidFile none", "StrictModes no", "UsePAM no",
		"PermitRootLogin prohibit-password", "PasswordAuthentication yes", "Subsystem sftp internal-sftp", "",
	}, "\n"))
	if os.Getuid() == 0 { // where Debian's service would have made it
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// Address is host:port.
func (s *SSHD) Address() string { return net.JoinHostPort("127.0.0.1", s.port) }

// Start starts it again on its port.
func (s *SSHD) Start() {
	s.t.Helper()
	// sshd re-executes itself for each connection and wants its full path.
	s.cmd = exec.CommandContext(context.Background(), Tool(s.t, "sshd", "/usr/sbin/sshd"), "-D", "-e", "-f", filepath.Join(s.dir, "sshd_config"))
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	Listens(s.t, s.Address(), s.log)
}

// Kill ends the server and every session of it at once.
func (s *SSHD) Kill() {
	if s.cmd == nil {
		return
	}
	for _, pid := range descendants(s.cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// descendants are the processes below one, from /proc.
func descendants(pid int) (out []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range tasks {
		b, _ := os.ReadFile(f)
		for w := range strings.FieldsSeq(string(b)) {
			var child int
			if _, err := fmt.Sscan(w, &child); err == nil {
				out = append(append(out, child), descendants(child)...)
			}
		}
	}
	return out
}

// Running reports whether it was not killed.
func (s *SSHD) Running() bool { return s.cmd != nil }

// Place is a source of a folder of it.
func (s *SSHD) Place(dir string) config.Source {
	return config.Source{Kind: "sftp", SFTP: &config.SFTPSource{Address: s.Address(), User: userName(s.t), Path: dir, KnownHosts: s.Known, KeyFile: s.Key}}
}

func userName(t *testing.T) string {
	t.Helper()
	b, err := exec.CommandContext(context.Background(), "id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
