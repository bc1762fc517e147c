ALTER TABLE core.team_aliases ADD COLUMN author TEXT;
ALTER TABLE core.team_aliases ADD COLUMN accepted_at TIMESTAMP WITH TIME ZONE;
COMMENT ON COLUMN core.team_aliases.author IS 'Who accepted it; null for seeds';
ALTER TABLE market.market_games ADD COLUMN candidates JSONB;
ALTER TABLE market.market_games ADD COLUMN score DOUBLE PRECISION;
COMMENT ON COLUMN market.market_games.candidates IS 'Games it might have been, of a refusal, best first';
COMMENT ON COLUMN market.market_games.score IS 'Of the best candidate, 0 to 1';
