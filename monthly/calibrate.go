package monthly

import (
	"errors"

	"laborwatch/config"
)

func (f *fielded) calibrate(c config.Weighting) (*weights, error) {
	return nil, errors.New("not yet")
}
