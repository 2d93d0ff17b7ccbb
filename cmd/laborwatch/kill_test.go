package main

import (
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// small is a city that a test can load several times.
var small = []string{"simulate", "--persons", "50000", "--months", "8", "--end", "2026-08", "--seed", "3"}

// folder is a folder with a configuration whose inbox is shared.
func folder(t *testing.T, inbox string) string {
	t.Helper()
	dir := t.TempDir()
	text := "data: data\ningest: {inbox: " + inbox + "}\n"
	if err := os.WriteFile(filepath.Join(dir, "laborwatch.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, dir, []int{0}, "init")
	return dir
}

// cubeSum is the hash of the exported cube.
func cubeSum(t *testing.T, dir string) [32]byte {
	t.Helper()
	file := filepath.Join(dir, "cube.csv")
	must(t, dir, []int{0}, "export", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 10_000 {
		t.Fatalf("the cube has only %d bytes", len(b))
	}
	return sha256.Sum256(b)
}

// TestKill kills ingest and transform at random instants. What a kill leaves
// must be whole: the next run goes on from it, and the cube comes out the same
// to the byte as when nothing was killed.
func TestKill(t *testing.T) {
	city := t.TempDir()
	must(t, city, []int{0}, append(small, "--out", city)...)
	inbox := filepath.Join(city, "inbox")

	plain := folder(t, inbox)
	begin := time.Now()
	must(t, plain, ok, "ingest")
	ingestTook := time.Since(begin)
	begin = time.Now()
	must(t, plain, []int{0}, "transform")
	transformTook := time.Since(begin)
	want := cubeSum(t, plain)

	const wanted, rounds, kills = 20, 12, 2 // kills of each command in each round
	rng := rand.New(rand.NewPCG(1, 2))
	all := 0
	for round := 0; round < rounds && all < wanted; round++ {
		dir := folder(t, inbox)
		killed := 0
		for range kills {
			killed += killAt(t, dir, time.Duration(rng.Int64N(int64(ingestTook))), "ingest")
		}
		must(t, dir, ok, "ingest")
		for range kills {
			killed += killAt(t, dir, time.Duration(rng.Int64N(int64(transformTook))), "transform")
		}
		must(t, dir, []int{0}, "transform")
		if got := cubeSum(t, dir); got != want {
			t.Errorf("round %d: after %d kills the cube differs", round, killed)
		}
		t.Logf("round %d: %d of %d processes were killed before they ended", round, killed, 2*kills)
		all += killed
	}
	if all < wanted {
		t.Errorf("only %d processes were killed; the test wants %d", all, wanted)
	}
}

// killAt starts the program, kills it after the given time, and returns 1 if it
// had not ended by itself.
func killAt(t *testing.T, dir string, after time.Duration, args ...string) int {
	t.Helper()
	cmd := command(t, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
		return 0
	case <-time.After(after):
	}
	if err := cmd.Process.Kill(); err != nil {
		<-done
		return 0
	}
	<-done
	return 1
}

// TestMonthByMonth delivers the city a month at a time, as it would come, and
// compares with everything at once: what is computed must not depend on when.
func TestMonthByMonth(t *testing.T) {
	city := t.TempDir()
	must(t, city, []int{0}, append(small, "--out", city)...)
	inbox := filepath.Join(city, "inbox")
	atOnce := folder(t, inbox)
	must(t, atOnce, ok, "ingest")
	must(t, atOnce, []int{0}, "transform")

	monthly := t.TempDir()
	dir := folder(t, monthly)
	months, err := os.ReadDir(inbox)
	if err != nil {
		t.Fatal(err)
	}
	if len(months) < 8 {
		t.Fatalf("%d deliveries", len(months))
	}
	for _, m := range months {
		if err := os.CopyFS(filepath.Join(monthly, m.Name()), os.DirFS(filepath.Join(inbox, m.Name()))); err != nil {
			t.Fatal(err)
		}
		must(t, dir, ok, "ingest")
		must(t, dir, []int{0}, "transform")
	}
	if cubeSum(t, dir) != cubeSum(t, atOnce) {
		t.Error("month by month and all at once give different cubes")
	}
}
