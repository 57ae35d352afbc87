SELECT reason, message
FROM q_holds
WHERE NOT $accept_all AND (reason <> 'shrink' OR NOT $accept_shrink)
ORDER BY reason
