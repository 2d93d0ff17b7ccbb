package source

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"laborwatch/config"
	"laborwatch/messages"
)

// sftpFolder is a folder of an SSH server. The server's key is always checked
// against known_hosts; there is no switch to leave that out.
type sftpFolder struct {
	c      config.SFTPSource
	client ssh.ClientConfig
	conn   *ssh.Client
	ftp    *sftp.Client
}

func (s *Source) newSFTP() (*sftpFolder, error) {
	c := *s.c.SFTP
	check, err := knownhosts.New(c.KnownHosts)
	if err != nil {
		return nil, fmt.Errorf("known_hosts: %w", err)
	}
	auth, err := s.sshAuth(c)
	if err != nil {
		return nil, err
	}
	return &sftpFolder{c: c, client: ssh.ClientConfig{
		User: c.User, Auth: auth, Timeout: s.c.Timeout.Connect,
		HostKeyCallback: hostKey(check, c), HostKeyAlgorithms: hostKeyAlgorithms(check, c.Address),
	}}, nil
}

func (s *Source) sshAuth(c config.SFTPSource) ([]ssh.AuthMethod, error) {
	if c.KeyFile != "" {
		text, err := s.secret("key", c.KeyFile, "")
		if err != nil {
			return nil, err
		}
		key, err := s.openKey([]byte(text+"\n"), c)
		if err != nil {
			return nil, fmt.Errorf("key_file %s: %w", c.KeyFile, err)
		}
		return []ssh.AuthMethod{ssh.PublicKeys(key)}, nil
	}
	password, err := s.secret("password", c.PasswordFile, c.PasswordEnv)
	if err != nil {
		return nil, err
	}
	return []ssh.AuthMethod{ssh.Password(password), ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
		answers := make([]string, len(questions))
		for i := range answers {
			answers[i] = password
		}
		return answers, nil
	})}, nil
}

// openKey reads a private key, with the passphrase where it has one.
func (s *Source) openKey(text []byte, c config.SFTPSource) (ssh.Signer, error) {
	key, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) {
		return key, err
	}
	if c.PassphraseFile == "" && c.PassphraseEnv == "" {
		return nil, errors.New(messages.Both("sources.passphrase.none"))
	}
	passphrase, err := s.secret("passphrase", c.PassphraseFile, c.PassphraseEnv)
	if err != nil {
		return nil, err
	}
	key, err = ssh.ParsePrivateKeyWithPassphrase(text, []byte(passphrase))
	if errors.Is(err, x509.IncorrectPasswordError) {
		err = errors.New(messages.Both("sources.passphrase.wrong"))
	}
	return key, err
}

// hostKey tells what is wrong with a server's key so that a person can act.
func hostKey(check ssh.HostKeyCallback, c config.SFTPSource) ssh.HostKeyCallback {
	return func(host string, remote net.Addr, key ssh.PublicKey) error {
		err := check(host, remote, key)
		var k *knownhosts.KeyError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &k) && len(k.Want) == 0:
			err = errors.New(messages.Both("sources.hostkey.unknown", c.Address, ssh.FingerprintSHA256(key), c.KnownHosts))
		case errors.As(err, &k):
			err = errors.New(messages.Both("sources.hostkey.other", c.Address, ssh.FingerprintSHA256(key), c.KnownHosts))
		}
		return permanent(err)
	}
}

// hostKeyAlgorithms are those of the keys that known_hosts has for an address:
// a server with several keys is asked for one that can be checked.
func hostKeyAlgorithms(check ssh.HostKeyCallback, address string) []string {
	var k *knownhosts.KeyError
	if err := check(address, &net.TCPAddr{IP: net.IPv4zero}, noKey{}); !errors.As(err, &k) {
		return nil
	}
	var out []string
	for _, w := range k.Want {
		if w.Key.Type() == ssh.KeyAlgoRSA {
			out = append(out, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		out = append(out, w.Key.Type())
	}
	return out
}

// noKey is a key that no server has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }

func (x *sftpFolder) growing() {}

// connect dials unless there is a connection; it is dropped when ctx ends, so
// that nothing waits on a server that fell silent.
func (x *sftpFolder) connect(ctx context.Context) error {
	if x.ftp != nil {
		return nil
	}
	dial, cancel := context.WithTimeout(ctx, x.client.Timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(dial, "tcp", x.c.Address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(dial, func() { _ = conn.Close() })
	c, chans, reqs, err := ssh.NewClientConn(conn, x.c.Address, &x.client)
	if err != nil {
		stop()
		return errors.Join(sshError(err), ignoreClosed(conn.Close()))
	}
	x.conn = ssh.NewClient(c, chans, reqs)
	x.ftp, err = sftp.NewClient(x.conn)
	stop()
	if err != nil {
		err = errors.Join(err, ignoreClosed(x.conn.Close()))
		x.conn = nil
	}
	return err
}

// refusedLogins are how the library, which has no type for it, words a refused
// login (message 51 is the protocol's) or a server without a known key.
var refusedLogins = []string{"unable to authenticate", "unexpected message type 51", "no common algorithm for host key"}

// sshError makes what a repetition does not mend permanent.
func sshError(err error) error {
	if isPermanent(err) {
		return permanent(err)
	}
	for _, text := range refusedLogins {
		if strings.Contains(err.Error(), text) {
			return permanent(errors.New(messages.Both("sources.login", err)))
		}
	}
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (x *sftpFolder) Close() error {
	if x.ftp == nil {
		return nil
	}
	err := errors.Join(ignoreClosed(x.ftp.Close()), ignoreClosed(x.conn.Close()))
	x.ftp, x.conn = nil, nil
	return err
}

// abort ends whatever waits on the connection once ctx has ended.
func (x *sftpFolder) abort(ctx context.Context) func() bool {
	conn := x.conn
	return context.AfterFunc(ctx, func() { _ = conn.Close() })
}

func (x *sftpFolder) object(name string, info fs.FileInfo) Object {
	return Object{Name: name, Size: info.Size(), Modified: info.ModTime(), Version: stampVersion(info)}
}

// List walks the folder as that of this machine is walked.
func (x *sftpFolder) List(ctx context.Context, _ map[string]string) (out []Object, err error) {
	if err := x.connect(ctx); err != nil {
		return nil, err
	}
	defer x.abort(ctx)()
	root := path.Clean(x.c.Path)
	prefix := strings.TrimSuffix(root, "/") + "/"
	if root == "." {
		prefix = ""
	}
	start := prefix + "." // the folder itself may be a link
	walk := x.ftp.Walk(start)
	for walk.Step() {
		at, err := walk.Path(), walk.Err()
		name := strings.TrimPrefix(at, prefix)
		if at == start {
			name = ""
		}
		switch info := walk.Stat(); {
		case err != nil && (name == "" || !answered(err)):
			return nil, remoteError(err, at)
		case errors.Is(err, fs.ErrNotExist): // it went meanwhile
		case err != nil:
			out = append(out, faulty(name+"/", remoteError(err, at)))
		case name == "":
		case info.IsDir() && strings.HasPrefix(info.Name(), "."):
			walk.SkipDir()
		case info.Mode().IsRegular():
			out = append(out, x.object(name, info))
		case info.Mode()&fs.ModeSymlink != 0:
			o, ok, err := x.follow(name, at)
			if err != nil {
				return nil, err
			}
			if ok {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

// follow describes the file that a link points to; false where it points to
// something else.
func (x *sftpFolder) follow(name, at string) (Object, bool, error) {
	info, err := x.ftp.Stat(at)
	switch {
	case err == nil:
		return x.object(name, info), info.Mode().IsRegular(), nil
	case !answered(err):
		return Object{}, false, remoteError(err, at)
	}
	return faulty(name, fmt.Errorf("%s: %w", messages.Both("sources.link"), remoteError(err, at))), true, nil
}

// answered says whether an error is the server's answer, not a lost connection.
func answered(err error) bool {
	var st *sftp.StatusError
	if errors.As(err, &st) {
		code := st.FxCode()
		return code != sftp.ErrSSHFxConnectionLost && code != sftp.ErrSSHFxNoConnection
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

func remoteError(err error, where string) error {
	err = fmt.Errorf("%s: %w", where, err)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return permanent(err)
	}
	return err
}

func (x *sftpFolder) Open(ctx context.Context, o Object, offset int64) (*Stream, error) {
	if err := x.connect(ctx); err != nil {
		return nil, err
	}
	stop := x.abort(ctx)
	file := path.Join(x.c.Path, o.Name)
	f, err := x.ftp.Open(file)
	if err != nil {
		stop()
		return nil, remoteError(err, file)
	}
	info, err := f.Stat()
	if err == nil && x.object(o.Name, info).Version != o.Version {
		err = permanent(errChanged) // it must be found whole again
	}
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		stop()
		return nil, errors.Join(remoteError(err, file), ignoreClosed(f.Close()))
	}
	return &Stream{
		ReadCloser: &remoteFile{f, stop}, Object: o, Offset: offset,
		Finish: func(context.Context) (Object, error) {
			now, err := x.ftp.Stat(file)
			if err != nil {
				return o, remoteError(err, file)
			}
			if x.object(o.Name, now).Version != o.Version {
				return o, permanent(errChanged)
			}
			return o, nil
		},
	}, nil
}

// remoteFile reads ahead: one request at a time would wait for each answer.
type remoteFile struct {
	*sftp.File
	stop func() bool
}

func (r *remoteFile) Close() error {
	r.stop()
	if err := r.File.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return ignoreClosed(err)
	}
	return nil
}
