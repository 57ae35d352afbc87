SELECT reason, message FROM q_holds WHERE reason <> 'shrink' OR NOT $accept_shrink ORDER BY reason
