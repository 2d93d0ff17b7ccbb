package cube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"laborwatch/engine"
	"laborwatch/messages"
)

// Export writes the whole cube as CSV, ordered by every column, to path: two
// cubes that hold the same give the same bytes. The file appears whole or not
// at all.
func Export(ctx context.Context, eng Engine, path string) error {
	ok, err := exists(ctx, eng.DB())
	if err != nil {
		return fmt.Errorf("export the cube: %w", err)
	}
	if !ok {
		return errors.New(messages.Beside("export the cube: the warehouse holds no observations yet. Try: laborwatch transform"))
	}
	tmp := path + ".tmp"
	defer func() { _ = os.Remove(tmp) }()
	_, err = eng.DB().ExecContext(ctx, "COPY (SELECT "+columnList()+" FROM "+table+" ORDER BY "+sortList()+") TO "+engine.Quote(tmp)+
		" (FORMAT csv, HEADER true)")
	if err != nil {
		return fmt.Errorf("export the cube: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("export the cube: %w", err)
	}
	return nil
}

func columnList() string { return strings.Join(columns(), ", ") }

// sortList orders by the indicator first, as a person reads an export.
func sortList() string {
	out := []string{"indicator"}
	for _, c := range columns() {
		if c != "indicator" {
			out = append(out, c+" NULLS LAST")
		}
	}
	return strings.Join(out, ", ")
}
