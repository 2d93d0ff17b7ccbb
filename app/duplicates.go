package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"laborwatch/messages"
	"laborwatch/period"
)

// Duplicate is one open registration of a person who has others. It holds no
// personal data: Group tells which registrations are of one person, and is a
// number within one answer alone.
type Duplicate struct {
	Group          int           `json:"group"`
	RegistrationNo string        `json:"registration_no"`
	Region         string        `json:"region"`
	RegisteredOn   string        `json:"registered_on"` // YYYY-MM-DD, "" when unknown
	Period         period.Period `json:"period"`
}

// Duplicates lists the registrations that were open at the end of a month for
// persons with more than one, grouped by person, in order of number and region.
// It reads what transform computed; a month that it did not is an error.
func (a *App) Duplicates(ctx context.Context, p period.Period) ([]Duplicate, error) {
	t, err := a.transformer(ctx)
	if err != nil {
		return nil, err
	}
	computed, err := t.Computed(ctx, "core_duplicate_registration", p)
	if err != nil {
		return nil, err
	}
	if !computed {
		return nil, errors.New(messages.Both("cli.duplicates.uncomputed", p))
	}
	rows, err := a.Engine.DB().QueryContext(ctx, `
		WITH d AS (SELECT *, min(registration_no || ' ' || region) OVER (PARTITION BY person) AS head FROM wh.main.core_duplicate_registration WHERE period = ?)
		SELECT dense_rank() OVER (ORDER BY head, person) AS n, registration_no, region, registered_on FROM d ORDER BY n, registration_no, region`, p.First())
	if err != nil {
		return nil, fmt.Errorf("duplicate registrations: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Duplicate
	for rows.Next() {
		d := Duplicate{Period: p}
		var on *time.Time
		if err := rows.Scan(&d.Group, &d.RegistrationNo, &d.Region, &on); err != nil {
			return nil, fmt.Errorf("duplicate registrations: %w", err)
		}
		if on != nil {
			d.RegisteredOn = on.Format(time.DateOnly)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
