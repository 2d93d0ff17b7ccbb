package source

import (
	"os"
	"testing"

	"laborwatch/source/servertest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	servertest.Close()
	os.Exit(code)
}

var servers = map[string]*servertest.Database{}

// server is the one server of a kind, without the tables of earlier tests.
func server(t testing.TB, kind string) *servertest.Database {
	t.Helper()
	if servers[kind] == nil {
		servers[kind] = map[string]func(testing.TB) *servertest.Database{"postgres": servertest.StartPostgres, "mariadb": servertest.StartMariaDB}[kind](t)
	}
	servers[kind].Exec(t, "DROP TABLE IF EXISTS v, w, k")
	return servers[kind]
}

// both runs a test on PostgreSQL and on MariaDB.
func both(t *testing.T, test func(t *testing.T, s *servertest.Database)) {
	t.Run("postgres", func(t *testing.T) { test(t, server(t, "postgres")) })
	t.Run("mariadb", func(t *testing.T) { test(t, server(t, "mariadb")) })
}
