ALTER TABLE market.market_games ADD COLUMN settlement TEXT;
ALTER TABLE market.market_games ADD COLUMN settlement_checked_at TIMESTAMP WITH TIME ZONE;
COMMENT ON COLUMN market.market_games.settlement IS 'agrees, contradicts or void: the venue''s result against the game''s';

CREATE TABLE market.milestones (
    event_ticker TEXT NOT NULL,
    milestone_id TEXT NOT NULL,
    title TEXT NOT NULL,
    start_time TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT,
    home_target TEXT,
    away_target TEXT,
    last_observed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (event_ticker)
);
COMMENT ON COLUMN market.milestones.start_time IS 'The venue''s own start of the game';
COMMENT ON COLUMN market.milestones.home_target IS 'Structured target, as in the strike of markets';
