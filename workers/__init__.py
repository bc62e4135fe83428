"""The processes: what a job does, who rings again, what runs by the clock, and who watches over them all."""
