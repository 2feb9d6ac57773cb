-- The dates that the registers' lines give themselves, with the instant at which each line was first collected.
with final as (

    {{ back_dated_lines('control_owners', ref('stg_registers__control_owners'), {'valid_from': 'date'}) }}
    union all
    {{ back_dated_lines('systems', ref('stg_registers__systems'), {'in_scope_from': 'date'}) }}
    union all
    {{ back_dated_lines('entitlements', ref('stg_registers__entitlements'), {'valid_from': 'date'}) }}
    union all
    {{ back_dated_lines('birthright_rules', ref('stg_registers__birthright_rules'), {'active_from': 'instant', 'approved_at': 'instant'}) }}
    union all
    {{ back_dated_lines('contractors', ref('stg_registers__contractors'), {'contract_start': 'date', 'terminated_at': 'instant', 'recorded_at': 'instant'}) }}
    union all
    {{ back_dated_lines('service_accounts', ref('stg_registers__service_accounts'), {'registered_on': 'date'}) }}
    union all
    {{ back_dated_lines('person_accounts', ref('stg_registers__person_accounts'), {'valid_from': 'date'}) }}
    union all
    {{ back_dated_lines('shared_secrets', ref('stg_registers__shared_secrets'), {'known_from': 'date'}) }}
    union all
    {{ back_dated_lines('delegations', ref('stg_registers__delegations'), {'valid_from': 'date'}) }}
    union all
    {{ back_dated_lines('functional_checks', ref('stg_registers__functional_checks'), {'valid_from': 'date'}) }}
    union all
    {{ back_dated_lines('path_rules', ref('stg_registers__path_rules'), {'valid_from': 'date', 'approved_at': 'instant'}) }}
    union all
    {{ back_dated_lines('change_policies', ref('stg_registers__change_policies'), {'valid_from': 'date'}) }}
    union all
    {{ back_dated_lines('payroll_register', ref('stg_registers__payroll_register'), {'paid_on': 'date'}) }}
    union all
    {{ back_dated_lines('thresholds', ref('stg_registers__thresholds'), {'effective_from': 'date', 'changed_at': 'instant'}) }}
    union all
    {{ back_dated_lines('dispositions', ref('stg_registers__dispositions'), {'decided_at': 'instant', 'approved_at': 'instant'}) }}
    union all
    {{ back_dated_lines('reconciliation_explanations', ref('stg_registers__reconciliation_explanations'), {'approved_at': 'instant'}) }}
    union all
    {{ back_dated_lines('no_access_hires', ref('stg_registers__no_access_hires'), {'approved_at': 'instant'}) }}

)

select * from final
